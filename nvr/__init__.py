"""Network video recorder."""

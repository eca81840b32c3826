"""One camera's recording, its rotation, and all cameras together."""

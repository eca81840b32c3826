"""Our cost beside what a user would otherwise run."""

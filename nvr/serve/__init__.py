"""The supervisor and the services it runs."""

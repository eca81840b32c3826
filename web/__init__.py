"""The HTTP face - API, pages, templates and static files."""

"""What may be deleted, what must stay, and the deleting itself."""

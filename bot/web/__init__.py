"""The web chat page and its requests."""

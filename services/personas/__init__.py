"""Custom personas: whom an assistant may speak as, beside those that are built in."""

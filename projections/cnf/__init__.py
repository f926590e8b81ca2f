"""Network functions: how they are, how they were, and what has changed about them."""

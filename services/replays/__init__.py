"""Runs history again with other settings, and says what would have been otherwise."""

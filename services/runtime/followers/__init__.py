"""Followers: one process folds a stream in order, acts on it, and is replaced if it dies."""

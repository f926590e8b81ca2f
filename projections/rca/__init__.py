"""Root cause analyses: one row for each, with all that it has found."""

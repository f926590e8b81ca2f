"""Alerts: what outside systems report becomes occurrences that begin and end once."""

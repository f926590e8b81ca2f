"""Incidents: one row for each, its signals, what was done about it, and rules of correlation."""

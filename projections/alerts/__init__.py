"""Alerts: one row per occurrence."""

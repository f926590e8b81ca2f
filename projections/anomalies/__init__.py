"""Anomalies: what is watched."""

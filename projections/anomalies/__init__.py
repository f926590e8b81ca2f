"""Anomalies: what is watched, what was found, and what people say of it."""

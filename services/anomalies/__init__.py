"""Anomalies: what behaves as it never did is found, told and judged."""

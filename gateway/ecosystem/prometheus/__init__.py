"""The fleet as one Prometheus: its HTTP API v1, with a label ``cluster`` on every series."""

"""The fleet as it is registered: one row per live cluster."""

"""What happened: one row per event of the log, without its payload."""

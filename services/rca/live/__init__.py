"""What metrics, logs and traces tell of an incident, asked while it is analysed."""

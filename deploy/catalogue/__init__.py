"""The page of all events, commands and telemetry, made of contracts and registrations."""

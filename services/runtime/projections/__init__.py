"""The projection engine: events in, rows and position out in one transaction."""

"""Anomalies looked for because somebody asks: over a query, or over stored GPU telemetry."""

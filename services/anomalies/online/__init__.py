"""Looks at all telemetry as it comes, and tells what behaves as it never did."""

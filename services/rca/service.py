"""The service that all handlers of root cause analysis belong to."""

from services.runtime.service import Service

service = Service("rca")
"""Looks for the cause of what is wrong, by reading the log again."""

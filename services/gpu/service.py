"""The service that all handlers about GPUs belong to."""

from services.runtime.service import Service

service = Service("gpu")
"""The service that all handlers about GPUs belong to."""

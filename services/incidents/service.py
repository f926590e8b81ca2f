"""The service that all handlers about incidents belong to."""

from services.runtime.service import Service

service = Service("incidents")

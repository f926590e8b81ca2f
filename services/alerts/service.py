"""The service that all handlers about alerts belong to."""

from services.runtime.service import Service

service = Service("alerts")

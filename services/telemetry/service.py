"""The service that all handlers of questions about telemetry belong to."""

from services.runtime.service import Service

service = Service("telemetry")

"""The service that all handlers of personas belong to."""

from services.runtime.service import Service

service = Service("personas")

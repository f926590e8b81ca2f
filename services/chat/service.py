"""The service that all handlers of this folder register with."""

from services.runtime.service import Service

service = Service("chat")

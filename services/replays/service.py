"""The service that all handlers of replays belong to."""

from services.runtime.service import Service

service = Service("replays")

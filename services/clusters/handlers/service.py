"""The service that all of the registry's handlers belong to."""

from services.runtime.service import Service

service = Service("clusters")

"""The service that all handlers about network functions belong to."""

from services.runtime.service import Service

service = Service("cnf")

"""The service that all handlers about anomalies belong to."""

from services.runtime.service import Service

service = Service("anomalies")

"""The service that all handlers of reports belong to."""

from services.runtime.service import Service

service = Service("reports")
"""Makes reports, again and again where that is wanted, and removes them when their time is over."""

"""The fleet registry's handlers: registrations, credentials, and watching what is registered."""

from services.clusters.handlers.credentials import (
    delete as delete_credentials,
    rotate,
    upload,
    validate,
)
from services.clusters.handlers.discovering import discover
from services.clusters.handlers.importing import import_clusters
from services.clusters.handlers.monitoring import check, refresh, watch
from services.clusters.handlers.registry import delete, register, update
from services.clusters.handlers.renewing import renew
from services.clusters.handlers.service import service

__all__ = [
    "check",
    "delete",
    "delete_credentials",
    "discover",
    "import_clusters",
    "refresh",
    "register",
    "renew",
    "rotate",
    "service",
    "update",
    "upload",
    "validate",
    "watch",
]

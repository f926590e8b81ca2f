"""The fleet registry's handlers: registrations, and watching what is registered."""

from services.clusters.handlers.monitoring import check, refresh, watch
from services.clusters.handlers.registry import delete, register, update
from services.clusters.handlers.service import service

__all__ = ["check", "delete", "refresh", "register", "service", "update", "watch"]

"""Joins the alert rules with the log: heads in bulk, decide, append each for itself.

An alert that this process has never met is taken for a new one: if that is wrong the log refuses
the append, as for any other race, and the alert is decided again on its head.
"""

from contracts.alerts import IngestAlerts
from services.alerts import domain, handlers_expiry, handlers_polling, handlers_silences
from services.alerts.met import Met
from services.alerts.normalize import normalize
from services.alerts.repeats import tell, waiting
from services.alerts.service import service
from services.alerts.settling import settle
from services.runtime.store import Accepted, Store

__all__ = ["handlers_expiry", "handlers_polling", "handlers_silences", "service"]

_met = Met()


@service.handles(IngestAlerts, repeatable=True)
async def ingest(command: IngestAlerts, store: Store) -> Accepted:
    """Take in reports of a cluster's alerts: new, repeated and resolved ones."""
    told = domain.by_fingerprint(
        normalize(report, command.cluster_id, command.received_at) for report in command.reports
    )
    last = await settle(command.cluster_id, told, store, among=_met.among, repeats=waiting.count)
    await tell(store)
    return Accepted(sequence=last or None)

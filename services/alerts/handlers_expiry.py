"""Ends alerts that are not told again in time: of those whose source says only until when.

One schedule for all of them: which have expired the projection of alerts knows, with the repeats.
"""

from contracts.alerts import OpenAlerts, alert_key
from contracts.clusters import ClusterRegistered
from contracts.envelope import Recorded
from services.alerts import polled
from services.alerts.asking import NoAnswer, open_alerts
from services.alerts.polled import Margins, Sweeps
from services.alerts.repeats import tell
from services.alerts.service import service
from services.alerts.settling import append_each, standing
from services.runtime import schedules
from services.runtime.logging import logger
from services.runtime.schedules import Schedule
from services.runtime.service import Due
from services.runtime.store import Store

EXPIRY = "alert_expiry"
_SCHEDULE = Schedule(EXPIRY, "all", "0,30 * * * * *", keep=60)
_MOST = 20_000
"""Alerts that are ended at a time; others next time."""
_LOG = logger("alert_expiry")
_sweeps = Sweeps()
_margins = Margins()


@service.on(ClusterRegistered, from_start=True)
async def schedule_expiry(event: Recorded, store: Store) -> None:
    """Have it looked after what expires, from the first cluster on."""
    del event
    await schedules.put(store.log.bus, _SCHEDULE)


@service.when_due(EXPIRY, places=1)
async def expire(due: Due, store: Store) -> None:
    """End alerts that were not told again until they expired."""
    del due
    await tell(store)
    if not _sweeps.ready(store.at, _margins):
        return
    before = store.at - _margins.expiry
    try:
        told = await open_alerts(OpenAlerts(expired_before=before, limit=_MOST), store)
    except NoAnswer as nothing:
        _LOG.warning("not_known", reason=str(nothing))
        return
    known = {alert_key(each.cluster_id, each.fingerprint): each for each in told}
    ends = [
        (end, each.position)
        for key, each in (await standing(known, store)).items()
        if (end := polled.expired(each.head, known[key], before)) is not None
    ]
    await append_each(ends, store)

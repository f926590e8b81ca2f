"""History as the engine keeps it: through restarts, poison, rebuilds and new versions."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from contracts.clusters import ClusterDeleted, ClusterRegistered, ClusterUpdated
from services.runtime.bus import Bus
from services.runtime.log import NOTHING, EventLog, Head
from services.runtime.projections.history import OPEN
from services.runtime.projections.projection import Position, Projection, Rows
from services.runtime.projections.table import Table
from services.runtime.settings import Settings
from tests.kit import builders
from tests.kit.projections import ask, dump, hosting, reached
from tests.kit.runtime import store, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


class SiteRow(NamedTuple):
    """Where a cluster is."""

    id: UUID
    region: str | None


SITE = Table("site", SiteRow, key=("id",), history=True)
BROKEN, TORN = "broken", "torn\0"


def _sites(version: int = 1) -> Projection:
    made = Projection("sites", version=version, tables=(SITE,))

    def put(event: ClusterRegistered | ClusterUpdated, at: Position, rows: Rows) -> None:
        rows.put(SITE, SiteRow(event.cluster.id, event.cluster.region))
        if event.cluster.region == BROKEN:
            raise ValueError(BROKEN)

    made.on(ClusterRegistered)(put)
    made.on(ClusterUpdated)(put)

    @made.on(ClusterDeleted)
    def delete(event: ClusterDeleted, at: Position, rows: Rows) -> None:
        rows.delete(SITE, (event.cluster_id,))

    return made


async def _tell(log: EventLog, *regions: str | None) -> int:
    """One cluster's life, from where it stands: a region is an update, None the deletion."""
    key = builders.registered().key
    last = await log.head(key)
    head = NOTHING if last is None else Head(last.sequence, last.version or 0)
    for region in regions:
        event = builders.deleted() if region is None else builders.updated(region=region)
        appended = await store(log, event, after=head)
        head = Head(appended.sequence, appended.version or 0)
    return head.sequence


def _versions(settings: Settings) -> list[tuple[Any, ...]]:
    sql = "select region, valid_from, valid_to from sites.site_history order by valid_from"
    return [*ask(settings, sql)]


def _regions(settings: Settings, sequences: Sequence[int]) -> list[str | None]:
    found = [ask(settings, f"select region from {SITE.source('sites', s)} s") for s in sequences]
    return [rows[0][0] if rows else None for rows in found]


LIFE = ("a", "b", BROKEN, TORN, "c", None, "d", None)


async def test_what_an_event_leaves_behind_that_is_set_aside_is_no_version(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    last = await _tell(log, *LIFE)
    async with hosting(bus, settings, _sites()):
        await reached(settings, _sites(), last)
    aside = ask(settings, "select sequence from aiops.projection_error order by 1")
    assert [*aside] == [(3,), (4,)]
    assert _versions(settings) == [("a", 1, 2), ("b", 2, 5), ("c", 5, 6), ("d", 7, 8)]
    assert _regions(settings, range(9)) == [None, "a", "b", "b", "b", "c", None, "d", None]


async def test_versions_do_not_depend_on_restarts_and_rebuilds(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    for region in LIFE[:4]:
        async with hosting(bus, settings, _sites()):
            await reached(settings, _sites(), await _tell(log, region))
    async with hosting(bus, settings, _sites()) as hosts:
        last = await _tell(log, *LIFE[4:], "e", "f")
        await reached(settings, _sites(), last)
        before = dump(settings, _sites())
        hosts["sites"].rebuild()
        await until(lambda: hosts["sites"].rebuilds == 1)
        assert dump(settings, _sites()) == before
        assert _regions(settings, (2, 5, 6, last)) == ["b", "c", None, "f"]
    ask(settings, "update aiops.projection set sequence = 0")
    async with hosting(bus, settings, _sites()):
        await reached(settings, _sites(), last)
    assert dump(settings, _sites()) == before, "events folded twice change nothing"


async def test_a_new_version_of_a_projection_has_its_whole_past(
    bus: Bus, log: EventLog, settings: Settings
) -> None:
    async with hosting(bus, settings, _sites()):
        await reached(settings, _sites(), await _tell(log, "a", "b"))
    async with hosting(bus, settings, _sites(version=2)) as hosts:
        await until(lambda: hosts["sites"].rebuilds == 1)
        await reached(settings, _sites(), await _tell(log, "c"))
    assert _versions(settings) == [("a", 1, 2), ("b", 2, 3), ("c", 3, OPEN)]
    assert ask(settings, "select 1 from pg_namespace where nspname = 'sites_next'") == []

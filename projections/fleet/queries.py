"""What may be asked of the fleet. Answers are the JSON that REST passes on as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from projections.fleet.sources import Sources, sources
from services.runtime.database import Database
from services.runtime.principals import EVERYWHERE, Scope
from services.runtime.queries import AsOf, Page, Where, contains, rfc3339

SORTABLE = {
    "name": "c.name",
    "environment": "c.environment",
    "region": "c.region",
    "cluster_type": "c.cluster_type",
    "created_at": "c.created_at",
    "updated_at": "c.updated_at",
    "health_score": "s.health_score",
    "state": "coalesce(s.state, 'PROVISIONING')",
}
"""Fields to sort by."""

# Before its first check a cluster is PROVISIONING, and nothing is known of its health.
STATUS_JSON = f"""json_build_object(
    'state', coalesce(s.state, 'PROVISIONING'), 'health_score', s.health_score,
    'connectivity', s.connectivity, 'api_server_healthy', s.api_server_healthy,
    'prometheus_healthy', s.prometheus_healthy, 'tempo_healthy', s.tempo_healthy,
    'loki_healthy', s.loki_healthy, 'alertmanager_healthy', s.alertmanager_healthy,
    'last_error', s.last_error, 'checked_at', {rfc3339("h.until")})"""


def _view(capabilities: str) -> str:
    return f"""json_build_object(
    'id', c.id, 'name', c.name, 'display_name', c.display_name,
    'api_server_url', c.api_server_url, 'cluster_type', c.cluster_type, 'platform', c.platform,
    'platform_version', a.platform_version, 'region', c.region, 'environment', c.environment,
    'labels', c.labels, 'endpoints', c.endpoints, 'site', c.site, 'status', {STATUS_JSON},
    'capabilities', {capabilities}, 'credentials', k.told,
    'created_at', {rfc3339("c.created_at")},
    'updated_at', {rfc3339("c.updated_at")},
    'last_seen_at', {rfc3339("seen.until")}, 'version', c.version)"""


_LISTED = _view("a.told")
_WHOLE = _view("a.told || jsonb_build_object('evidence', a.evidence)")


_STATE = "c.version || coalesce('/' || (k.told ->> 'fingerprint'), '')"


@dataclass(frozen=True, slots=True)
class Found:
    """A cluster as JSON, and its version."""

    body: bytes
    version: int


@dataclass(frozen=True, slots=True)
class ClusterFilter:
    """Which clusters are asked for; empty fields do not restrict."""

    name: str | None = None
    cluster_type: Sequence[str] = ()
    environment: Sequence[str] = ()
    region: str | None = None
    state: Sequence[str] = ()
    has_gpu: bool | None = None
    has_cnf: bool | None = None
    labels: Sequence[tuple[str, str]] = ()
    sort: Sequence[str] = ("name",)
    """Names of `SORTABLE`, with ``-`` in front for descending."""


async def by_id(
    database: Database, cluster_id: UUID, mine: Scope, as_of: AsOf | None = None
) -> Found | None:
    """One cluster, if it is in the scope."""
    return await _one(database, "c.id = %s", cluster_id, sources(mine, as_of))


async def by_name(
    database: Database, name: str, mine: Scope, as_of: AsOf | None = None
) -> Found | None:
    """One cluster by its name, if it is in the scope."""
    return await _one(database, "c.name = %s", name, sources(mine, as_of))


async def _one(database: Database, condition: str, value: Any, read: Sources) -> Found | None:
    row = await database.fetch_one(
        f"select {_WHOLE}::text, c.version from {read.clusters} {read.more} where {condition}",  # noqa: S608
        (value,),
    )
    return None if row is None else Found(row[0].encode(), row[1])


async def listing(
    database: Database, wanted: ClusterFilter, page: Page, mine: Scope, as_of: AsOf | None = None
) -> bytes:
    """``{items, total, page, page_size, total_pages}``."""
    read = sources(mine, as_of)
    where = _where(wanted, read)
    order = ", ".join([*map(_order, wanted.sort), "c.id"])
    row = await database.fetch_one(
        f"with matched as materialized (select c.id, row_number() over (order by {order}) as place"  # noqa: S608
        f" from {_ranked_from(wanted, read)}{where.sql})"
        f" select json_build_object('items', coalesce((select json_agg({_LISTED} order by place)"
        f" from (select id, place from matched where place > {page.offset}"
        f" and place <= {page.offset + page.size}) as chosen"
        f" join {read.cluster} c using (id) left join {read.status} s on s.cluster_id = c.id"
        f" {read.more}), '[]'::json), {page.envelope('n')})::text"
        f" from (select count(*) as n from matched) as counted",
        where.parameters,
    )
    return b"" if row is None else row[0].encode()


def _ranked_from(wanted: ClusterFilter, read: Sources) -> str:
    """Clusters, with their status only where a filter or the order looks at it."""
    looks = bool(wanted.state) or any("s." in _order(field) for field in wanted.sort)
    return read.clusters if looks else f"{read.cluster} c"


def _where(wanted: ClusterFilter, read: Sources) -> Where:
    where = Where()
    if wanted.name:
        where.add("c.name like %s", contains(wanted.name))
    where.one_of("c.cluster_type", wanted.cluster_type)
    where.one_of("c.environment", wanted.environment)
    if wanted.region is not None:
        where.add("c.region = %s", wanted.region)
    where.one_of("coalesce(s.state, 'PROVISIONING')", wanted.state)
    for column, value in (("has_gpu", wanted.has_gpu), ("has_cnf", wanted.has_cnf)):
        if value is not None:
            # Not known is not false: a cluster that nobody has looked at is in neither list.
            known = f"exists (select from {read.capabilities} a where a.cluster_id = c.id"
            where.add(f"{known} and a.{column} = %s)", value)
    for name, value in wanted.labels:
        where.add("c.labels @> %s::jsonb", msgspec.json.encode({name: value}).decode())
    return where


def _order(field: str) -> str:
    direction = "desc nulls last" if field.startswith("-") else "asc nulls last"
    return f"{SORTABLE[field.removeprefix('-')]} {direction}"


async def find(database: Database, labels: Sequence[str]) -> dict[str, UUID]:
    """The live clusters with one of these names or ids, by it."""
    wanted = list(labels)
    rows = await database.fetch_all(
        "select name, id from fleet.cluster where name = any(%s)"
        " union all select id::text, id from fleet.cluster where id::text = any(%s)",
        (wanted, wanted),
    )
    return {row[0]: row[1] for row in rows}


async def names(database: Database) -> tuple[int, list[tuple[UUID, str]]]:
    """Every live cluster's name, and the sequence that the answer stands for."""
    row = await database.fetch_one(
        "select p.sequence, (select json_agg(json_build_array(id, name)) from fleet.cluster)::text"
        " from aiops.projection p where p.name = 'fleet' and p.slot = 'live'"
    )
    if row is None:
        return 0, []
    pairs: list[tuple[str, str]] = msgspec.json.decode(row[1] or "[]")
    return row[0], [(UUID(cluster), name) for cluster, name in pairs]


async def labels(database: Database) -> list[tuple[UUID, dict[str, str]]]:
    """The labels of every cluster, and those that a deleted one had last."""
    row = await database.fetch_one(
        "select json_agg(json_build_array(id, labels))::text from ("
        " select id, labels from fleet.cluster union all"
        " (select distinct on (id) id, labels from fleet.cluster_past p"
        " where not exists (select from fleet.cluster c where c.id = p.id)"
        " order by id, valid_from desc)) as known"
    )
    told = None if row is None else row[0]
    pairs: list[tuple[str, dict[str, str]]] = msgspec.json.decode(told or "[]")
    return [(UUID(cluster), found) for cluster, found in pairs]


async def credentials(
    database: Database, cluster_id: UUID, mine: Scope, as_of: AsOf | None = None
) -> tuple[bool, bytes | None]:
    """Whether there is such a cluster, and what is known of its credentials."""
    read = sources(mine, as_of)
    row = await database.fetch_one(
        f"select k.told::text from {read.cluster} c"  # noqa: S608
        f" left join {read.credentials} k on k.cluster_id = c.id where c.id = %s",
        (cluster_id,),
    )
    return (False, None) if row is None else (True, row[0] and row[0].encode())


async def askable(
    database: Database, ids: Sequence[UUID], backend: str
) -> list[tuple[UUID, str, str, str]]:
    """Id, name, site and state of the clusters with these ids, in the order of their names.

    The state is another one after every change of the cluster or of its credentials. Without ids:
    of all that have this backend and are not OFFLINE.
    """
    read = sources(EVERYWHERE)
    where = Where()
    if ids:
        where.add("c.id = any(%s)", list(ids))
    else:
        where.add("c.endpoints ->> %s is not null", f"{backend}_url")
        where.add("coalesce(s.state, 'PROVISIONING') <> 'OFFLINE'")
    rows = await database.fetch_all(
        f"select c.id, c.name, c.site, {_STATE} from {read.clusters}"  # noqa: S608
        f" left join {read.credentials} k on k.cluster_id = c.id{where.sql} order by c.name",
        where.parameters,
    )
    return [(cluster, name, site, state) for cluster, name, site, state in rows]

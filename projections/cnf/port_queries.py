"""What may be asked of the packet counters of DPDK ports. Answers are JSON for REST."""

from contracts.cnf import CnfArea
from projections.cnf.filtering import CnfFilter
from projections.cnf.listing import Kind, listing
from projections.cnf.view import CnfPart
from services.runtime.database import Database
from services.runtime.queries import Page

_COUNTERS = ("rx_packets", "tx_packets", "rx_dropped", "tx_dropped", "rx_errors", "tx_errors")
_PORT = f"port text, {', '.join(f'{name} int8' for name in _COUNTERS)}"


def _ports(value: str) -> str:
    """Ports of pods, out of a sample."""
    return (
        "select c.namespace, c.pod, c.node_name, p.*"  # noqa: S608 - our own names
        f" from jsonb_to_recordset({value}) as c(namespace text, pod text, node_name text,"
        f" ports jsonb) cross join lateral jsonb_to_recordset(c.ports) as p({_PORT})"
    )


# One counter that is less than it was: all of the port have begun anew.
_RESET = " or ".join(f"coalesce(p.{name} < b.{name}, false)" for name in _COUNTERS)
_RATES = ", ".join(f"(p.{name} - b.{name}) / b.seconds as {name}_per_second" for name in _COUNTERS)
# Samples with ports are runs of their own: the one before the newest is the one before its time.
_ROWS = f"""cross join lateral (
    with before as (
        select extract(epoch from l.at - q.until)::float8 as seconds, q.value from aiops.cnf_run q
        where q.cluster_id = l.cluster_id and q.part = 'dpdk' and q.since < l.at
            and q.value is not null
        order by q.since desc limit 1)
    select p.*, b.seconds as rate_seconds, {_RATES}
    from ({_ports("l.value")}) p
    left join (select f.*, before.seconds from before
        cross join lateral ({_ports("before.value")}) f) b
        on b.namespace = p.namespace and b.pod = p.pod and b.port = p.port and not ({_RESET})
    ) as e"""  # noqa: S608
_DROPPED = "coalesce(r.rx_dropped_per_second, 0) + coalesce(r.tx_dropped_per_second, 0)"
_SUMMED = ("rx_packets", "tx_packets", "rx_dropped", "tx_dropped")

PORTS = Kind(
    part=CnfPart.DPDK,
    area=CnfArea.DPDK,
    rows=_ROWS,
    columns="e.*, case when e.rx_dropped_per_second > 0 or e.tx_dropped_per_second > 0 then true"
    " when e.rx_dropped_per_second is not null or e.tx_dropped_per_second is not null then false"
    " end as dropping",
    fields=(
        "namespace",
        "pod",
        "node_name",
        "port",
        *_COUNTERS,
        "rate_seconds",
        *(f"{name}_per_second" for name in _COUNTERS),
        "dropping",
    ),
    words=("pod", "namespace", "node_name", "port"),
    name="e.namespace || '/' || e.pod || '/' || e.port",
    worst=f"{_DROPPED} desc, r.cluster_name, r.namespace, r.pod, r.port, r.cluster_id",
    totals="'totals', json_build_object('dropping', count(*) filter (where r.dropping), "
    + ", ".join(f"'{name}_per_second', sum(r.{name}_per_second)" for name in _SUMMED)
    + ")",
)


async def ports(database: Database, wanted: CnfFilter, page: Page) -> bytes:
    """Ports of pods that use DPDK, those that drop most packets first."""
    return await listing(database, PORTS, wanted, page)

"""What may be asked of workloads, clocks and virtual functions. Answers are JSON for REST."""

from contracts.clusters import CnfType
from contracts.cnf import ClockState, CnfArea, WorkloadState
from projections.cnf.filtering import CnfFilter
from projections.cnf.listing import Kind, listing
from projections.cnf.view import CnfPart
from services.runtime.database import Database
from services.runtime.queries import Page

CRASHING = "CRASHING"
"""What stands about a workload whose pod runs for a moment between two crashes."""
WORKLOAD_STATES = (*WorkloadState, CRASHING)
CLOCK_STATES = (*ClockState, "UNKNOWN")
_BAD_WORKLOADS = ("FAILED", CRASHING, "UNKNOWN", "PENDING", "RUNNING", "SUCCEEDED")
_BAD_CLOCKS = ("FREERUN", "HOLDOVER", "UNKNOWN", "LOCKED")


def _counts(column: str, values: tuple[str, ...]) -> str:
    """By value, how many of the rows have it."""
    told = ", ".join(f"'{each}', count(*) filter (where {column} = '{each}')" for each in values)
    return f"json_build_object({told})"


def _rank(column: str, values: tuple[str, ...]) -> str:
    return f"array_position(array{list(values)}, {column})"


WORKLOADS = Kind(
    part=CnfPart.WORKLOADS,
    area=CnfArea.WORKLOAD,
    rows="cross join lateral jsonb_to_recordset(l.value) as e(cnf_type text, namespace text,"
    " pod text, node_name text, state text, ready bool, restarts int8, reason text, evidence text)",
    columns=f"e.*, case when e.state = 'RUNNING' and s.state = '{CRASHING}' then s.state"
    " else e.state end as shown",
    fields=(
        "cnf_type",
        "namespace",
        "pod",
        "node_name",
        "state",
        "ready",
        "restarts",
        "reason",
        "evidence",
    ),
    words=("pod", "namespace", "node_name", "reason"),
    name="e.namespace || '/' || e.pod",
    worst=f"{_rank('r.shown', _BAD_WORKLOADS)}, r.state = 'RUNNING' and r.ready is false desc,"
    " r.restarts desc nulls last, r.cluster_name, r.namespace, r.pod, r.cluster_id",
    totals=f"'by_type', {_counts('r.cnf_type', tuple(CnfType))},"
    f" 'by_state', {_counts('r.shown', WORKLOAD_STATES)}",
)
CLOCKS = Kind(
    part=CnfPart.PTP,
    area=CnfArea.PTP,
    rows="cross join lateral jsonb_to_recordset(l.value) as e(node_name text, interface text,"
    " process text, offset_ns float8, clock_state text, role text, clock_class int8, ports jsonb)",
    columns="e.node_name, e.interface, e.process, {offset} as offset_ns, e.clock_state, e.role,"
    " e.clock_class, coalesce(e.ports, '[]') as ports, e.interface ||"
    " array(select p ->> 'interface' from jsonb_array_elements(e.ports) as p) as interfaces,"
    " coalesce(e.clock_state, 'UNKNOWN') as shown",
    fields=(
        "node_name",
        "interface",
        "process",
        "offset_ns",
        "clock_state",
        "role",
        "clock_class",
        "ports",
    ),
    words=("node_name", "interfaces", "process"),
    name="e.node_name || '/' || e.interface",
    worst=f"{_rank('r.shown', _BAD_CLOCKS)}, abs(r.offset_ns) desc nulls last, r.cluster_name,"
    " r.node_name, r.interface, r.process, r.cluster_id",
    totals=f"'by_state', {_counts('r.shown', CLOCK_STATES)}",
)
VIRTUAL_FUNCTIONS = Kind(
    part=CnfPart.SRIOV,
    area=CnfArea.SRIOV,
    rows="cross join lateral jsonb_to_recordset(l.value) as e(node_name text, resource_name text,"
    " policy text, interfaces jsonb, total_vfs int8, allocatable_vfs int8, used_vfs int8)",
    columns="e.*, e.used_vfs >= nullif(e.allocatable_vfs, 0) as exhausted, case when e.used_vfs >"
    " e.allocatable_vfs then 0 else e.allocatable_vfs - e.used_vfs end as free_vfs",
    fields=(
        "node_name",
        "resource_name",
        "policy",
        "interfaces",
        "total_vfs",
        "allocatable_vfs",
        "used_vfs",
        "free_vfs",
        "exhausted",
    ),
    words=("node_name", "resource_name", "policy", "interfaces"),
    name="e.node_name || '/' || e.resource_name",
    worst="r.free_vfs nulls last, r.cluster_name, r.node_name, r.resource_name, r.cluster_id",
    totals="'totals', json_build_object('total_vfs', coalesce(sum(r.total_vfs), 0),"
    " 'allocatable_vfs', coalesce(sum(r.allocatable_vfs), 0),"
    " 'used_vfs', coalesce(sum(r.used_vfs), 0),"
    " 'exhausted', count(*) filter (where r.exhausted))",
)


async def workloads(database: Database, wanted: CnfFilter, page: Page) -> bytes:
    """Pods of network functions, those in the worst state first."""
    return await listing(database, WORKLOADS, wanted, page)


async def clocks(database: Database, wanted: CnfFilter, page: Page) -> bytes:
    """Clocks, by their state and then by their offset, worst first."""
    return await listing(database, CLOCKS, wanted, page)


async def virtual_functions(database: Database, wanted: CnfFilter, page: Page) -> bytes:
    """Resources of virtual functions by node, those with the fewest free first."""
    return await listing(database, VIRTUAL_FUNCTIONS, wanted, page)

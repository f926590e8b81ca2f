"""Network functions over REST: workloads, clocks, virtual functions, packet counters."""

from dataclasses import replace
from typing import Annotated

from litestar import Response, Router, get
from litestar.params import QueryParameter

from contracts.clusters import CnfType
from gateway.auth.guards import READERS
from gateway.rest import as_of
from gateway.rest.as_of import AS_OF_HEADER
from gateway.rest.cnf_filters import FILTERS, About
from gateway.rest.cnf_history import get_ptp_history
from gateway.rest.documented_cnf import (
    CnfWorkloadList,
    DpdkPortList,
    PtpStatusList,
    SriovStatusList,
)
from gateway.rest.shared import (
    PageNumber,
    PageSize,
    Several,
    States,
    WithGate,
    choices,
    errors,
    page_of,
    raw,
)
from projections.cnf import port_queries, queries

_TYPES = tuple(CnfType)
Exhausted = Annotated[bool | None, QueryParameter(description="That have none free.")]
Dropping = Annotated[bool | None, QueryParameter(description="That have dropped packets.")]


@get("/workloads", operation_id="listCnfWorkloads", summary="Pods of network functions",
     opt=READERS, response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_workloads(
    gate: WithGate,
    about: About,
    cnf_type: Several = None,
    namespace: Several = None,
    states: States = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> Response[CnfWorkloadList]:
    """The pods of network functions, those that are in the worst state first.

    `q` is looked for in pod, namespace, node and reason. `state=CRASHING`: that run for a moment
    between two crashes.
    """
    wanted = replace(
        about,
        cnf_type=choices("cnf_type", cnf_type, _TYPES),
        namespace=namespace or (),
        state=choices("state", states, queries.WORKLOAD_STATES),
    )
    found = await queries.workloads(gate.database, wanted, page_of(page, page_size))
    return raw(found, headers=as_of.headers(wanted.as_of))


@get("/ptp/status", operation_id="listPtpStatus", opt=READERS, summary="Clocks",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_ptp(
    gate: WithGate,
    about: About,
    interface: Several = None,
    clock_state: Several = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> Response[PtpStatusList]:
    """Clocks and how they follow their source, worst first: by their state, then by their offset.

    `q` is looked for in node, interface and process. `clock_state=UNKNOWN`: of which it is not
    known.
    """
    wanted = replace(
        about,
        interface=interface or (),
        state=choices("clock_state", clock_state, queries.CLOCK_STATES),
    )
    found = await queries.clocks(gate.database, wanted, page_of(page, page_size))
    return raw(found, headers=as_of.headers(wanted.as_of))


@get("/sriov/status", operation_id="listSriovStatus", opt=READERS, summary="Virtual functions",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_sriov(
    gate: WithGate,
    about: About,
    resource_name: Several = None,
    exhausted: Exhausted = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> Response[SriovStatusList]:
    """Resources of virtual functions by node, those with the fewest free first.

    `q` is looked for in node, resource, policy and interfaces.
    """
    wanted = replace(about, resource_name=resource_name or (), exhausted=exhausted)
    found = await queries.virtual_functions(gate.database, wanted, page_of(page, page_size))
    return raw(found, headers=as_of.headers(wanted.as_of))


@get("/dpdk/stats", operation_id="listDpdkStats", opt=READERS, summary="Packet counters",
     response_headers=[AS_OF_HEADER], responses=errors())  # fmt: skip
async def list_dpdk(
    gate: WithGate,
    about: About,
    namespace: Several = None,
    pod: Several = None,
    dropping: Dropping = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> Response[DpdkPortList]:
    """Ports of pods that use DPDK, with rates; those that drop most packets first.

    `q` is looked for in pod, namespace, node and port.
    """
    wanted = replace(about, namespace=namespace or (), pod=pod or (), dropping=dropping)
    found = await port_queries.ports(gate.database, wanted, page_of(page, page_size))
    return raw(found, headers=as_of.headers(wanted.as_of))


cnf = Router(
    "/cnf",
    route_handlers=[list_workloads, list_ptp, get_ptp_history, list_sriov, list_dpdk],
    dependencies=FILTERS,
    tags=["Observability"],
)

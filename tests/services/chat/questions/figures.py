"""Figures that are expected, each from the rows of a world."""

from collections.abc import Iterable

from contracts.spoken import title_in_words
from tests.services.chat.questions.question import Expected
from tests.services.chat.rows import Row
from tests.services.chat.world import World

Many = Iterable[Expected]
SHOWN = 10
"""Rows of a table."""
_WORST = ("CRITICAL", "WARNING", "INFO")
_STATES = ("OFFLINE", "DEGRADED", "UNKNOWN", "PROVISIONING", "ONLINE")


def unwell(world: World) -> Many:
    """The clusters that are not well, and how many there are in all."""
    for each in world.clusters:
        if each["status"]["state"] != "ONLINE":
            yield (each["name"], each["status"]["health_score"])
    yield len(world.clusters)


def clusters(world: World) -> Many:
    """How many, and the names of those that are shown: the worst."""
    worst = sorted(world.clusters, key=lambda each: _rank(each["status"]))
    yield len(world.clusters)
    yield from (each["name"] for each in worst[:SHOWN])


def _rank(status: Row) -> tuple[int, float]:
    return _STATES.index(status["state"]), status["health_score"]


def alerts(world: World, **wanted: str) -> Many:
    """How many, and the worst."""
    rows = [each for each in world.alerts if all(each[k] == v for k, v in wanted.items())]
    worst = sorted(rows, key=lambda each: _WORST.index(each["severity"]))
    yield len(rows) or "there are no"
    for each in worst[:SHOWN]:
        yield (each["alertname"], each["severity"], each["cluster_name"])


def of_alerts(world: World) -> Many:
    """The alerts of the cluster that is ill, where all are counted together."""
    yield len(world.alerts)
    yield from [*alerts(world, cluster_name=ill(world)["name"])][1:]


def ill(world: World) -> Row:
    """The cluster that the worst incident is about."""
    id_ = world.worst()["cluster_ids"][0]
    return next(each for each in world.clusters if each["id"] == id_)


def of_ill(world: World) -> Many:
    """Its state and score, and its alerts."""
    status = ill(world)["status"]
    yield (ill(world)["name"], status["state"], status["health_score"])
    yield from alerts(world, cluster_name=ill(world)["name"])


def of_well(world: World) -> Many:
    """The state and score of a cluster that is well."""
    found = next(each for each in world.clusters if each["id"] == world.names()["well_id"])
    yield (found["name"], "online", found["status"]["health_score"])


def incidents(world: World) -> Many:
    """How many, and what they are called."""
    yield len(world.incidents)
    for each in world.incidents[:SHOWN]:
        yield (title_in_words(each["title"])[:79], each["signals"], each["lasting"])


def cause(world: World) -> Many:
    """Of the worst incident: its place, how sure that is, which events say so."""
    found = world.analyses[world.worst()["id"]]
    first = found["causes"][0]
    # A model may write the place as it is told, the analyst writes it in words.
    yield (first["entity"]["place"].partition("/")[2], round(100 * first["score"]))
    yield found["signals"]
    yield from first["claims"][0]["cited"][:8]


def past(world: World) -> Many:
    """How the fleet was."""
    yield from (world.past["time"], world.past["clusters"])
    yield world.past["alerts"] or "no open alerts"


def values(world: World, *names: str) -> Many:
    """Of what is measured, of some clusters."""
    wanted = [world.names()[each] for each in names]
    for cluster, value in world.values[:SHOWN]:
        if not wanted or cluster in wanted:
            yield (cluster, value)


def unusual(world: World) -> Many:
    """How many anomalies there are; of the surest what, where, how sure, and its value."""
    found = [one for each in world.anomalies for one in each["anomalies"]]
    yield len(found) or "nothing unusual"
    surest = sorted(found, key=lambda each: -each["confidence_score"])
    for each in surest[:1]:
        yield (round(100 * each["confidence_score"]), each["actual_value"],
               each["anomaly_type"].replace("_", " "), *each["labels"].values())  # fmt: skip


def hottest(world: World) -> Many:
    """The hottest GPU, and where it is."""
    node, one = max(
        ((node, one) for node in world.gpu_nodes for one in node["gpus"]),
        key=lambda each: each[1]["temperature_celsius"],
    )
    yield (node["node_name"], one["index"], one["temperature_celsius"])


def strongest(world: World) -> Many:
    """How much the GPU draws that draws most, of the cluster that is well."""
    well = world.names()["well_id"]
    nodes = [each for each in world.gpu_nodes if each["cluster_id"] == well]
    yield max(one["power_draw_watts"] for each in nodes for one in each["gpus"])


def memory(node: Row) -> Many:
    """Of each GPU of a node: how much is used, of how much."""
    for each in node["gpus"][:SHOWN]:
        yield (each["index"], each["memory_used_mb"], each["memory_total_mb"])


def gpus(world: World) -> Many:
    """How many there are, and how many of them idle."""
    yield len(world.gpus)
    yield len(world.gpu_nodes)
    yield sum(bool(each["idle"]) for each in world.gpus)
    yield sum(bool(each["wasted"]) for each in world.gpus)


def errors(world: World) -> Many:
    """XIDs that GPUs have told of."""
    for each in world.gpus:
        last: Row = each["last_xid"] or each
        if last["xid"]:
            yield last["xid"]


def processes(world: World, node: str | None = None) -> Many:
    """The largest, each with its pod and memory."""
    rows = [each for each in world.processes if node in (None, each["node_name"])]
    yield len(rows)
    for each in sorted(rows, key=lambda each: -(each["used_memory_mb"] or 0))[:SHOWN]:
        yield (each["pod"] or each["attribution"], each["used_memory_mb"] or "-")


def workloads(world: World, kind: str | None = None) -> Many:
    """How many, and the pods, first those that do not run."""
    rows = [each for each in world.workloads if kind in (None, each["cnf_type"])]
    yield len(rows)
    yield from (each["pod"] for each in sorted(rows, key=_is_well)[:SHOWN] if len(rows) <= SHOWN
                or not _is_well(each))  # fmt: skip


def failing(world: World, kind: str | None = None) -> Many:
    """Pods that do not run, why, and how often they were started."""
    for each in world.workloads:
        if kind in (None, each["cnf_type"]) and not _is_well(each):
            yield (each["pod"], each["restarts"], each["reason"])


def _is_well(one: Row) -> bool:
    return (one["standing"] or one["state"]) == "RUNNING" and one["ready"] is not False


def clocks(world: World) -> Many:
    """How many there are, and the one that is farthest off."""
    worst = max(world.clocks, key=lambda each: abs(each["offset_ns"]))
    yield len(world.clocks)
    yield (worst["node_name"], worst["interface"], worst["offset_ns"], worst["clock_state"])


def offsets(world: World, node: str) -> Many:
    """Of the clocks of a node."""
    for each in world.clocks:
        if each["node_name"] == node:
            yield (node, each["interface"], each["offset_ns"], each["clock_state"])


def drops(world: World) -> Many:
    """Ports that drop packets, and how many a second."""
    yield sum(bool(each["dropping"]) for each in world.ports)
    for each in world.ports:
        if each["dropping"]:
            yield (each["pod"], each["rx_dropped_per_second"])


def functions(world: World, node: str | None = None) -> Many:
    """In use and in all, and the resources without a free one."""
    rows = [each for each in world.functions if node in (None, each["node_name"])]
    yield (sum(each["used_vfs"] for each in rows), sum(each["total_vfs"] for each in rows))
    yield from (each["node_name"] for each in rows if each["exhausted"])


def lines(world: World) -> Many:
    """How many, and what the newest say."""
    yield len(world.lines)
    yield from (each[:239] for each in world.lines[:SHOWN])


def traces(
    world: World, *, failed: bool | None = None, least: float = 0, slowest: bool = False
) -> Many:
    """How many; of those that are shown their ids and durations."""
    found = [
        each
        for each in world.traces
        if failed in (None, each["has_errors"]) and each["duration_ms"] >= least
    ]
    yield len(found) or "none"
    shown = sorted(found, key=lambda each: -each["duration_ms"]) if slowest else found
    for each in shown[:SHOWN]:
        yield (each["trace_id"], each["duration_ms"])


def spans(world: World) -> Many:
    """How many, and where it failed."""
    yield (world.trace, len(world.spans))
    for each in world.spans:
        if each["status"] == "ERROR":
            yield (each["service_name"], each["duration_ms"])

"""Figures that are expected, each from the rows of a world."""

from collections.abc import Iterable

from tests.services.chat.questions.question import Expected
from tests.services.chat.rows import Row
from tests.services.chat.world import LINES, TRACE, VALUES, World

Many = Iterable[Expected]


def unwell(world: World) -> Many:
    """The clusters that are not well, and how many there are in all."""
    for each in world.clusters:
        if each["status"]["state"] != "ONLINE":
            yield from (each["name"], each["status"]["health_score"])
    yield len(world.clusters)


def alerts(world: World, **wanted: str) -> Many:
    """How many, and their names."""
    rows = [each for each in world.alerts if all(each[k] == v for k, v in wanted.items())]
    yield len(rows)
    yield from (each["alertname"] for each in rows[:10])


def ill(world: World) -> Row:
    """The cluster that the worst incident is about."""
    id_ = world.worst()["cluster_ids"][0]
    return next(each for each in world.clusters if each["id"] == id_)


def of_ill(world: World) -> Many:
    """Its state and score, and its alerts."""
    yield from (ill(world)["name"], ill(world)["status"]["state"])
    yield ill(world)["status"]["health_score"]
    yield from alerts(world, cluster_name=ill(world)["name"])


def of_well(world: World) -> Many:
    """The state and score of a cluster that is well."""
    found = next(each for each in world.clusters if each["id"] == world.names()["well_id"])
    yield from (found["name"], "online", found["status"]["health_score"])


def incidents(world: World) -> Many:
    """How many, and what they are called."""
    yield len(world.incidents)
    for each in world.incidents[:10]:
        yield from (each["title"], each["signals"], each["lasting"])


def cause(world: World) -> Many:
    """Of the worst incident: its place, how sure that is, which events say so."""
    found = world.analyses[world.worst()["id"]]
    first = found["causes"][0]
    yield from (first["entity"]["place"], round(100 * first["score"]), found["signals"])
    yield from first["claims"][0]["cited"]


def values(*clusters: str) -> Many:
    """Of what is measured."""
    yield from (VALUES[each] for each in clusters or VALUES)
    yield from clusters or VALUES


def hottest(world: World) -> Many:
    """The hottest GPU, and where it is."""
    node, one = max(
        ((node, one) for node in world.gpu_nodes for one in node["gpus"]),
        key=lambda each: each[1]["temperature_celsius"],
    )
    yield from (node["node_name"], one["index"], one["temperature_celsius"])


def gpus(world: World) -> Many:
    """How many there are, and how many of them idle."""
    yield len(world.gpus)
    yield len(world.gpu_nodes)
    yield sum(each["idle"] for each in world.gpus)
    yield sum(each["wasted"] for each in world.gpus)


def processes(world: World) -> Many:
    """Each with its pod and memory."""
    yield len(world.processes)
    for each in world.processes[:10]:
        yield from (f"{each['namespace']}/{each['pod']}", each["used_memory_mb"])


def workloads(world: World, kind: str | None = None) -> Many:
    """How many, and the pods."""
    rows = [each for each in world.workloads if kind in (None, each["cnf_type"])]
    yield len(rows)
    yield from (each["pod"] for each in rows[:10])


def failing(world: World) -> Many:
    """Pods that do not run, why, and how often they were started."""
    for each in world.workloads:
        if each["state"] != "RUNNING":
            yield from (each["pod"], each["restarts"], each["reason"])


def clocks(world: World) -> Many:
    """How many are in which state, and the largest offset."""
    worst = max(world.clocks, key=lambda each: abs(each["offset_ns"]))
    yield len(world.clocks)
    yield from (worst["node_name"], worst["interface"], worst["offset_ns"], worst["clock_state"])


def drops(world: World) -> Many:
    """Ports that drop packets, and how many a second."""
    yield sum(each["dropping"] for each in world.ports)
    for each in world.ports:
        if each["dropping"]:
            yield from (each["pod"], each["rx_dropped_per_second"])


def functions(world: World) -> Many:
    """In use and in all, and the resource without a free one."""
    yield sum(each["used_vfs"] for each in world.functions)
    yield sum(each["total_vfs"] for each in world.functions)
    yield from (each["node_name"] for each in world.functions if each["exhausted"])


def lines(_: World) -> Many:
    """How many, and what they say."""
    yield len(LINES)
    yield from LINES


def traces(world: World, *, failed: bool | None = None, least: float = 0) -> Many:
    """Their ids and durations."""
    for each in world.traces:
        if failed in (None, each["has_errors"]) and each["duration_ms"] >= least:
            yield from (each["trace_id"], each["duration_ms"])


def spans(world: World) -> Many:
    """How many, and where it failed."""
    yield len(world.spans)
    yield TRACE
    for each in world.spans:
        if each["status"] == "ERROR":
            yield from (each["service_name"], each["duration_ms"])

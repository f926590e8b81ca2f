"""What the platform tells of itself: projections, streams and processes."""

from typing import Any

import msgspec
import pytest

from deploy.platform import PROJECTIONS
from gateway.rest.documented_operations import ProjectionList, StreamList
from services.runtime.principals import Role
from services.runtime.standing import BuildStanding, PartStanding
from tests.kit.gateway import API, Json, Platform, alert, refused
from tests.kit.runtime import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def _builds(platform: Platform) -> dict[str, Json]:
    told = await platform.list("/projections")
    ProjectionList.model_validate(told)
    return {each["name"]: each for each in told["items"] if each["slot"] == "live"}


async def test_every_projection_tells_how_far_it_is(platform: Platform) -> None:
    cluster = await platform.register()
    await platform.report(cluster["id"], alert(1))

    async def all_told() -> dict[str, Json]:
        found = await _builds(platform)
        return found if all(each["lag"] == 0 for each in found.values()) else {}

    found = await eventually(all_told)
    assert set(found) == set(PROJECTIONS)
    assert found["activity"]["sequence"] == found["activity"]["log_sequence"]
    for build in found.values():
        assert (build["state"], build["error"], build["poison_events"]) == ("live", None, 0)
        assert build["rate"] >= 0


async def test_events_that_are_folded_show_as_a_rate(platform: Platform) -> None:
    cluster = await platform.register()
    await platform.report(cluster["id"], *(alert(number) for number in range(100, 150)))

    async def moving() -> bool:
        return (await _builds(platform))["alerts"]["rate"] > 0

    assert await eventually(moving)


async def test_a_projection_that_nobody_runs_is_stopped(platform: Platform) -> None:
    row = "insert into aiops.projection (name, slot, version) values ('orphan', 'live', 1)"
    await platform.gate.database.execute(row)
    try:
        found = (await _builds(platform))["orphan"]
    finally:
        gone = "delete from aiops.projection where name = 'orphan'"
        await platform.gate.database.execute(gone)
    assert found["state"] == "stopped"
    assert "no process" in found["error"]
    assert (found["lag"], found["rate"]) == (None, None)


async def test_a_partitioned_projection_is_as_far_as_its_slowest_partition(
    platform: Platform,
) -> None:
    execute = platform.gate.database.execute
    await execute(
        "insert into aiops.projection (name, slot, version, sequence, partitions)"
        " values ('shared', 'live', 1, 5, 3)"
    )
    await execute(
        "insert into aiops.projection_partition (name, slot, partition, sequence)"
        " values ('shared', 'live', 0, 7), ('shared', 'live', 1, 5), ('shared', 'live', 2, 9)"
    )

    async def told(*numbers: int, error: str | None = None) -> Json:
        builds = [
            BuildStanding("shared", "live", 5 + number, 10 * number, 2.5, error, number)
            for number in numbers
        ]
        name = f"elsewhere/shared-{numbers[0]}"
        standing = PartStanding("projector", name, ready=True, checks={}, builds=builds)
        await platform.gate.runtime.bus.emit("pos.-.projector", msgspec.json.encode(standing))
        await eventually(lambda: _heard(platform, "projector", name))
        return (await _builds(platform))["shared"]

    try:
        found = await told(0, 1)
        assert (found["state"], found["lag"], found["rate"]) == ("stopped", None, 5.0)
        assert "no process" in found["error"], "nobody has told of the third"
        found = await told(2)
        assert (found["state"], found["lag"], found["rate"]) == ("live", 20, 7.5)
        assert [each["sequence"] for each in found["partitions"]] == [7, 5, 9]
        assert [each["lag"] for each in found["partitions"]] == [0, 10, 20]
    finally:
        await execute("delete from aiops.projection where name = 'shared'")


async def test_the_metrics_of_a_gateway_tell_the_lag_of_projections(platform: Platform) -> None:
    await eventually(lambda: _heard(platform, "projector"))
    answer = await platform.http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    for name in PROJECTIONS:
        assert f'aiops_projection_lag{{projection="{name}"}}' in answer.text


async def test_a_projection_that_stands_still_says_why_and_one_that_waits_does_not(
    platform: Platform,
) -> None:
    """A process that waits for its turn to write is no fault of the one that writes."""
    builds = [BuildStanding("fleet", "live", 5, None, 0.0, "another process writes it")]
    waits = PartStanding("projector", "elsewhere/1", False, {}, builds)
    subject = "pos.-.projector"
    await eventually(lambda: _heard(platform, "projector"))
    await platform.gate.runtime.bus.emit(subject, msgspec.json.encode(waits))
    await eventually(lambda: _heard(platform, "projector", "elsewhere/1"))
    assert (await _builds(platform))["fleet"]["state"] == "live"
    broken = [BuildStanding("nobody", "live", 5, None, 0.0, None)]
    for told in (b"no JSON", b"{}", b"[]", msgspec.json.encode(broken)):
        await platform.gate.runtime.bus.emit(subject, told)
    assert (await _builds(platform))["fleet"]["state"] == "live"


async def _heard(platform: Platform, part: str, instance: str = "") -> bool:
    told = await platform.gate.parts.standing()
    return any(each.part == part and each.instance.startswith(instance) for each in told)


async def test_a_rebuild_is_taken_done_beside_the_live_build_and_shown(platform: Platform) -> None:
    before, tables = (await _builds(platform))["fleet"]["sequence"], await _tables(platform)
    for _ in range(2):  # A second one, while the first is under way, is part of it.
        answer = await platform.http.post(f"{API}/projections/fleet/rebuild")
        assert answer.status_code == 202, answer.text
        assert answer.json()["outcome"] == "accepted"
        assert answer.headers["location"] == f"{API}/projections"

    async def rebuilt() -> bool:
        items = (await platform.list("/projections"))["items"]
        under_way = [each for each in items if (each["name"], each["slot"]) == ("fleet", "next")]
        return not under_way and await _tables(platform) != tables

    await eventually(rebuilt, within=20)
    found = (await _builds(platform))["fleet"]
    assert found["state"] == "live"
    assert found["sequence"] >= before
    assert (await platform.list("/clusters"))["total"]


async def _tables(platform: Platform) -> object:
    """Which tables people read: others after a switch."""
    found = "select oid from pg_namespace where nspname = 'fleet'"
    return await platform.gate.database.fetch_one(found)


async def test_a_rebuild_under_way_is_a_build_of_its_own(platform: Platform) -> None:
    """As a build that is told, and has its row: of a projection that nobody here rebuilds."""
    row = "insert into aiops.projection (name, slot, version) values ('growing', 'next', 1)"
    await platform.gate.database.execute(row)
    builds = [BuildStanding("growing", "next", 7, 3, 12.5, None)]
    told = PartStanding("projector", "elsewhere/2", True, {}, builds)
    await platform.gate.runtime.bus.emit("pos.-.projector", msgspec.json.encode(told))
    await eventually(lambda: _heard(platform, "projector", "elsewhere/2"))
    try:
        items = (await platform.list("/projections"))["items"]
        (found,) = [each for each in items if each["name"] == "growing"]
        assert found["slot"] == "next"
        assert (found["state"], found["lag"], found["rate"]) == ("rebuilding", 3, 12.5)
    finally:
        gone = "delete from aiops.projection where name = 'growing'"
        await platform.gate.database.execute(gone)


@pytest.mark.parametrize("name", ["unheard-of", "fleet.measures", "x" * 3000, "*"])
async def test_only_what_there_is_can_be_rebuilt(platform: Platform, name: str) -> None:
    answer = await platform.http.post(f"{API}/projections/{name}/rebuild")
    refused(answer, "PROJECTION_NOT_FOUND")


async def test_streams_tell_what_they_hold_and_who_reads_them(platform: Platform) -> None:
    cluster = await platform.register()
    await platform.report(cluster["id"], alert(2))
    told = await platform.list("/streams")
    StreamList.model_validate(told)
    found = {each["name"]: each for each in told["items"]}
    assert {"EVT", "TEL", "CMD", "DLQ", "SCH", "KV_outcomes"} <= set(found)
    log = found["EVT"]
    assert log["subjects"] == ["evt.>"]
    assert log["last_sequence"] == await platform.last_sequence()
    assert log["messages"] > 0
    assert log["bytes"] > 0
    assert log["first_at"] < log["last_at"]
    assert log["limits"]["bytes"] is None
    assert log["limits"]["fullness"] is None
    commands = found["CMD"]
    assert 0 <= commands["limits"]["fullness"] < 1
    assert commands["limits"]["when_full"] == "new"
    readers = {each["name"]: each for each in commands["consumers"]}
    alerts = readers["alerts"]
    assert alerts["durable"]
    assert alerts["filters"] == ["cmd.*.alerts.>"]
    assert alerts["delivered_sequence"] > 0
    assert alerts["last_active"]
    projections: list[Any] = [each for each in log["consumers"] if not each["durable"]]
    assert projections, "projections read by consumers of their own"


async def test_the_detailed_health_names_every_dependency_process_and_projection(
    platform: Platform,
) -> None:
    async def complete() -> Json | None:
        told = (await platform.http.get("/health/detailed")).json()
        return (
            told if {each["part"] for each in told["parts"]} >= {"workers", "projector"} else None
        )

    told = await eventually(complete)
    assert told is not None
    assert {"bus", "database", "fleet_directory"} <= set(told["checks"])
    checks = {each["part"]: set(each["checks"]) for each in told["parts"]}
    assert {"bus", "commands.clusters", "commands.alerts", "reactions"} <= checks["workers"]
    assert {"bus", "projection.fleet", "commands.projections"} <= checks["projector"]
    assert {each["name"] for each in told["projections"]} == set(PROJECTIONS)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/projections"),
        ("POST", "/projections/fleet/rebuild"),
        ("GET", "/streams"),
        ("GET", "/dead-letters"),
        ("GET", "/dead-letters/1"),
        ("POST", "/dead-letters/1/retry"),
        ("DELETE", "/dead-letters/1"),
    ],
)
async def test_operations_are_for_admins(platform: Platform, method: str, path: str) -> None:
    async with platform.client(await platform.token(Role.INGEST)) as other:
        refused(await other.request(method, f"{API}{path}"), "PERMISSION_DENIED")
    async with platform.client() as anybody:
        refused(await anybody.request(method, f"{API}{path}"), "AUTH_FAILED")

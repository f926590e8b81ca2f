"""Streams: made once, upgraded in place, and nobody else's touched."""

from typing import Any

import pytest

from services.runtime import streams
from services.runtime.bus import Bus, JetStreamRefused, Outgoing
from services.runtime.settings import RetentionSettings, Settings

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

CHANGES = ("STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE")


class Watched(Bus):
    """Notes what is asked of JetStream."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus.client)
        self.calls: list[str] = []

    async def api(
        self, name: str, body: Any = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        self.calls.append(name)
        return await super().api(name, body, timeout=timeout)

    @property
    def changes(self) -> list[str]:
        return [call for call in self.calls if call.startswith(CHANGES)]


@pytest.fixture
async def watched(bus: Bus) -> Watched:
    made = Watched(bus)
    await made.open()
    return made


async def _without(bus: Bus) -> None:
    for name in await streams.configurations(bus):
        await bus.api(f"STREAM.DELETE.{name}")


def _expected(settings: Settings) -> dict[str, dict[str, Any]]:
    return {wanted["name"]: wanted for wanted in streams.definitions(settings)}


def _ours(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: found.get(name, False) for name in wanted}


async def test_what_is_missing_is_made(bus: Bus, bus_settings: Settings) -> None:
    await _without(bus)
    await streams.ensure(bus, bus_settings)
    found, wanted = await streams.configurations(bus), _expected(bus_settings)
    assert {name: _ours(found[name], wanted[name]) for name in found} == wanted
    assert set(found) == {
        "EVT", "TEL", "CMD", "SCH", "LEASE", "SNAP", "DLQ", "KV_outcomes", "KV_query_cache",
        "OBJ_reports",
    }  # fmt: skip


async def test_a_second_time_changes_nothing(watched: Watched, bus_settings: Settings) -> None:
    before = await streams.configurations(watched)
    await streams.ensure(watched, bus_settings)
    assert watched.changes == []
    assert await streams.configurations(watched) == before


async def test_new_settings_are_set_in_place_and_messages_stay(
    watched: Watched, bus_settings: Settings
) -> None:
    await watched.publish("tel.gpu.a.b", b"sample")
    await watched.publish("evt.-.cluster_name.a.taken", b"event")
    kept = RetentionSettings(telemetry_hours=1, dead_letters_days=2)
    changed = bus_settings.model_copy(update={"retention": kept})
    await streams.ensure(watched, changed)
    assert watched.changes == ["STREAM.UPDATE.TEL", "STREAM.UPDATE.DLQ"]
    found = await streams.configurations(watched)
    assert found["TEL"]["max_age"] == 3600 * 10**9
    assert found["DLQ"]["max_age"] == 2 * 24 * 3600 * 10**9
    stored = await watched.get("TEL", {"last_by_subj": "tel.>"})
    assert stored is not None
    assert stored.data == b"sample"


async def test_limits_set_by_hand_do_not_eat_the_record(bus: Bus, bus_settings: Settings) -> None:
    config = (await streams.configurations(bus))["EVT"]
    by_hand = {"max_age": 3600 * 10**9, "max_bytes": 10**6, "max_msgs_per_subject": 3}
    await bus.api("STREAM.UPDATE.EVT", config | by_hand)
    await bus.publish("evt.-.cluster_name.a.taken", b"event")
    await streams.ensure(bus, bus_settings)
    found = (await streams.configurations(bus))["EVT"]
    assert {name: found[name] for name in by_hand} == {
        "max_age": 0,
        "max_bytes": -1,
        "max_msgs_per_subject": -1,
    }
    assert await bus.get("EVT", {"seq": 1}) is not None


async def test_a_stream_of_an_earlier_release_learns_what_it_lacked(
    bus: Bus, bus_settings: Settings
) -> None:
    await bus.api("STREAM.DELETE.EVT")
    await bus.api("STREAM.CREATE.EVT", {"name": "EVT", "subjects": ["evt.old.>"]})
    await bus.publish("evt.old.a.b.c", b"kept")
    await streams.ensure(bus, bus_settings)
    wanted = _expected(bus_settings)["EVT"]
    found = (await streams.configurations(bus))["EVT"]
    assert _ours(found, wanted) == wanted
    stored = await bus.get("EVT", {"seq": 1})
    assert stored is not None
    assert stored.data == b"kept"


async def test_a_queue_that_took_batches_takes_none_any_more(
    bus: Bus, bus_settings: Settings
) -> None:
    config = (await streams.configurations(bus))["CMD"]
    await bus.api("STREAM.UPDATE.CMD", config | {"allow_atomic": True})
    await streams.ensure(bus, bus_settings)
    with pytest.raises(JetStreamRefused):
        await bus.publish_batch([Outgoing("cmd.a.b.c", b"{}", {})] * 2)
    assert (await bus.api("STREAM.INFO.CMD"))["state"]["messages"] == 0


async def test_what_cannot_be_changed_in_place_is_refused_and_kept(
    bus: Bus, bus_settings: Settings
) -> None:
    await bus.api("STREAM.DELETE.CMD")
    await bus.api("STREAM.CREATE.CMD", {"name": "CMD", "subjects": ["cmd.>"], "storage": "memory"})
    await bus.publish("cmd.a.b.c", b"kept")
    with pytest.raises(JetStreamRefused, match="storage"):
        await streams.ensure(bus, bus_settings)
    state = (await bus.api("STREAM.INFO.CMD"))["state"]
    assert state["messages"] == 1


async def test_other_peoples_streams_are_left_alone(
    watched: Watched, bus_settings: Settings
) -> None:
    await watched.api("STREAM.CREATE.THEIRS", {"name": "THEIRS", "subjects": ["theirs.>"]})
    before = (await streams.configurations(watched))["THEIRS"]
    watched.calls.clear()
    await streams.ensure(watched, bus_settings)
    assert not [call for call in watched.calls if "THEIRS" in call]
    assert (await streams.configurations(watched))["THEIRS"] == before


async def test_all_of_many_streams_are_listed(bus: Bus) -> None:
    # A page of the list is 256 long.
    names = {f"S{number}" for number in range(300)}
    for name in names:
        body = {"name": name, "subjects": [name], "storage": "memory"}
        await bus.api(f"STREAM.CREATE.{name}", body)
    assert names < set(await streams.configurations(bus))

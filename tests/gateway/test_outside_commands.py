"""Commands of publishers from outside: each by its own rights, with one effect and one outcome."""

import asyncio
import json

import pytest

from contracts.outcomes import Outcome
from services.runtime import outcomes
from services.runtime.answers import BusUnavailable
from services.runtime.command_bus import LARGEST_COMMAND
from services.runtime.ids import new_id
from services.runtime.principals import Principal, Role
from tests.gateway.bots import REGISTER, Bot, bot, publishers, unreachable
from tests.kit.gateway import Json, Platform
from tests.kit.runtime import eventually, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

PURGE = "$JS.API.STREAM.PURGE.EVT"


async def test_an_administrator_registers_a_cluster_and_is_its_actor(platform: Platform) -> None:
    someone = await bot(platform, Role.ADMIN)
    body = unreachable()
    done = await someone.give(REGISTER, body, **{"ce-actor": "ada"})
    assert (done.outcome, done.version) == ("accepted", 1)
    stored = await platform.gate.log.at(done.sequence or 0)
    assert stored is not None
    assert stored.headers["ce-actor"] == someone.name
    await platform.settle()
    assert (await platform.list(f"/clusters/{done.id}"))["name"] == body["name"]


async def test_an_outcome_is_told_where_only_its_publisher_listens(platform: Platform) -> None:
    someone = await bot(platform, Role.ADMIN)
    heard: list[tuple[str, bytes]] = []
    bus = platform.gate.runtime.bus
    for subject in (f"_P.{someone.name}.>", "_INBOX.mine.>"):
        await bus.hear(subject, lambda at, body: heard.append((at, body)))
    done = await someone.give(REGISTER, unreachable(), reply_to="_INBOX.mine.1")
    await until(lambda: heard)
    ((subject, body),) = heard
    assert subject == f"_P.{someone.name}._INBOX.mine.1"
    assert Outcome.model_validate_json(body) == done


@pytest.mark.parametrize(
    ("role", "command"),
    [
        *((role, REGISTER) for role in (Role.OPERATOR, Role.INGEST)),
        *((role, "projections.rebuild_projection") for role in (Role.OPERATOR, Role.INGEST)),
        (Role.OPERATOR, "dead_letters.drop_dead_letter"),
        (Role.OPERATOR, "fleet.delete_credentials"),
        (Role.OPERATOR, "alerts.ingest_alerts"),
        (Role.INGEST, "fleet.silence_alert"),
        (Role.INGEST, "fleet.refresh_cluster"),
    ],
)
async def test_a_role_that_may_not_is_refused_whatever_it_says(
    platform: Platform, role: Role, command: str
) -> None:
    someone = await bot(platform, role)
    done = await someone.give(command, b"not even JSON", **{"ce-actor": "ada"})
    assert (done.outcome, done.code) == ("refused", "PERMISSION_DENIED")


async def test_an_operator_refreshes_its_clusters_and_no_others(platform: Platform) -> None:
    mine, other = (await platform.register())["id"], (await platform.register())["id"]
    someone = await bot(platform, Role.OPERATOR, mine)
    refused = await someone.give("fleet.refresh_cluster", {"cluster_id": other})
    assert (refused.outcome, refused.code) == ("refused", "PERMISSION_DENIED")
    done = await someone.give("fleet.refresh_cluster", {"cluster_id": mine})
    assert done.outcome == "accepted", done


async def test_an_ingester_reports_alerts_of_its_cluster_alone(platform: Platform) -> None:
    mine, other = (await platform.register())["id"], (await platform.register())["id"]
    someone = await bot(platform, Role.INGEST, mine)

    def told(cluster: str) -> Json:
        return {"cluster_id": cluster, "received_at": "2026-01-01T00:00:00Z", "reports": []}

    assert (await someone.give("alerts.ingest_alerts", told(other))).code == "PERMISSION_DENIED"
    assert (await someone.give("alerts.ingest_alerts", told(mine))).outcome == "accepted"


async def test_whoever_is_for_some_clusters_gives_no_command_about_the_fleet(
    platform: Platform,
) -> None:
    # The command line makes no such administrator; a table may hold one.
    someone = await bot(platform, Role.ADMIN, str(new_id()))
    assert (await someone.give(REGISTER, unreachable())).code == "PERMISSION_DENIED"


async def test_a_publisher_that_was_removed_is_refused_at_once(platform: Platform) -> None:
    someone = await bot(platform, Role.ADMIN)
    assert (await someone.give(REGISTER, unreachable())).outcome == "accepted"
    assert await publishers(platform).remove(someone.name)
    done = await someone.give(REGISTER, unreachable())
    assert (done.outcome, done.code) == ("refused", "PERMISSION_DENIED")
    assert not await publishers(platform).remove(someone.name)


async def test_a_publisher_nobody_knows_is_refused(platform: Platform) -> None:
    done = await Bot(platform, "stranger").give(REGISTER, unreachable())
    assert (done.outcome, done.code) == ("refused", "PERMISSION_DENIED")


async def test_the_first_publisher_may_do_what_it_could_until_it_is_removed(
    platform: Platform,
) -> None:
    known = {each.name: each.role for each in await publishers(platform).all()}
    assert known["outside"] is Role.ADMIN
    assert (await Bot(platform, "outside").give(REGISTER, unreachable())).outcome == "accepted"


async def test_rights_change_with_the_next_command(platform: Platform) -> None:
    someone = await bot(platform, Role.OPERATOR)
    assert (await someone.give(REGISTER, unreachable())).code == "PERMISSION_DENIED"
    await publishers(platform).put(Principal.of(someone.name, Role.ADMIN))
    assert (await someone.give(REGISTER, unreachable())).outcome == "accepted"


@pytest.mark.parametrize("reply_to", [PURGE, "evt.-.x.y.z", "_INBOX.>", "_P.other._INBOX.a", ""])
async def test_an_answer_is_sent_to_inboxes_alone(platform: Platform, reply_to: str) -> None:
    someone = await bot(platform, Role.ADMIN)
    first, last = await platform.gate.log.bounds()
    done = await someone.give(REGISTER, unreachable(), reply_to=reply_to)
    assert (done.outcome, done.code) == ("refused", "INVALID_REPLY_SUBJECT")
    now = await platform.gate.log.bounds()
    assert now[0] == first
    assert now[1] >= last


@pytest.mark.parametrize(
    ("command", "body", "code"),
    [
        (REGISTER, b"", "VALIDATION_FAILED"),
        (REGISTER, b"{", "VALIDATION_FAILED"),
        (REGISTER, b"[1]", "VALIDATION_FAILED"),
        (REGISTER, b'{"name": 7}', "VALIDATION_FAILED"),
        (REGISTER, b"x" * (LARGEST_COMMAND + 1), "BODY_TOO_LARGE"),
        ("clusters.made_up", b"{}", "NOT_FOUND"),
        ("clusters.*", b"{}", "NOT_FOUND"),
    ],
    ids=["empty", "broken", "list", "wrong type", "too large", "unknown", "star"],
)
async def test_what_is_no_command_is_refused_and_leaves_the_queue(
    platform: Platform, command: str, body: bytes, code: str
) -> None:
    someone = await bot(platform, Role.ADMIN)
    done = await someone.give(command, body)
    assert (done.outcome, done.code) == ("refused", code)
    assert (done.details.get("fields") is not None) == (code == "VALIDATION_FAILED")
    await platform.settle()


@pytest.mark.parametrize("message_id", ["", "17", "not-a-uuid"])
async def test_a_command_without_an_id_goes_to_the_dead_letters(
    platform: Platform, message_id: str
) -> None:
    someone = await bot(platform, Role.ADMIN)
    headers = {"Nats-Msg-Id": message_id} if message_id else {}
    subject = f"cmd.{someone.name}.{REGISTER}"
    await platform.gate.runtime.bus.publish(subject, b"{}", headers)

    async def buried() -> bool:
        return subject in [letter.subject for letter in await platform.letters()]

    await eventually(buried)
    await platform.settle()


async def test_the_same_command_from_two_connections_has_one_effect(platform: Platform) -> None:
    someone, body, command_id = await bot(platform, Role.ADMIN), unreachable(), new_id()
    sent = await asyncio.gather(*(someone.send(REGISTER, body, command_id) for _ in range(5)))
    assert sorted(ack.duplicate for _, ack in sent) == [False, True, True, True, True]
    # Past the stream's memory for duplicates.
    late = {"Nats-Msg-Id": f"{command_id}:late", "reply_to": "_INBOX.late"}
    told: list[bytes] = []
    bus = platform.gate.runtime.bus
    await bus.hear(f"_P.{someone.name}._INBOX.late", lambda _, data: told.append(data))
    await bus.publish(f"cmd.{someone.name}.{REGISTER}", json.dumps(body).encode(), late)
    await until(lambda: told)
    kept = await outcomes.find(bus, command_id)
    assert kept is not None
    first = kept.outcome
    assert first == Outcome.model_validate_json(told[0])
    assert (first.outcome, first.version) == ("accepted", 1)
    await platform.settle()
    assert await platform.names(name=body["name"]) == [body["name"]]


async def test_a_full_queue_refuses_what_is_new_and_keeps_what_it_has(platform: Platform) -> None:
    bus, someone = platform.gate.runtime.bus, await bot(platform, Role.ADMIN)
    await platform.settle()
    config = (await bus.api("STREAM.INFO.CMD"))["config"]
    await platform.workers.stop()
    await bus.api("STREAM.UPDATE.CMD", config | {"max_bytes": 2000})
    try:
        command_id, _ = await someone.send(REGISTER, unreachable())
        with pytest.raises(BusUnavailable, match="maximum bytes"):
            await someone.send(REGISTER, unreachable(display_name="x" * 2000))
    finally:
        await bus.api("STREAM.UPDATE.CMD", config)
        await platform.workers.start()
    found = await eventually(lambda: outcomes.find(bus, command_id))
    assert found is not None
    assert found.outcome.outcome == "accepted"

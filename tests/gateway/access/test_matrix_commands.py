"""Every command, given by everybody about clusters of theirs and of others: by REST and on the bus.

Who may give which is written down in `COMMANDS` once more, so that one nobody has thought about
fails.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from contracts import (
    access,
    alerts,
    anomalies,
    catalog,
    chat,
    clusters,
    incidents,
    operations,
    personas,
    rca,
    replays,
    reports,
)
from contracts.envelope import Command
from services.runtime import rights
from services.runtime.command_bus import SCOPE
from services.runtime.principals import EVERYWHERE, Role
from tests.gateway.access.world import Somewhere, World
from tests.gateway.bots import Bot, bot, unreachable
from tests.kit import builders
from tests.kit.gateway import API, Json

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ADMIN, OPERATOR, VIEWER, INGEST = Role


@dataclass(frozen=True)
class Right:
    """Who may give a command."""

    roles: frozenset[Role] = frozenset()
    about_a_cluster: bool = True
    """Otherwise it is about the whole platform: only with a role for everything."""
    known: bool = True
    """False for what is given here about what there is not, so that it has no clusters."""


CHANGE, OPERATE = Right(frozenset({ADMIN})), Right(frozenset({ADMIN, OPERATOR}))
POST, RULE = Right(frozenset({ADMIN, INGEST})), Right(frozenset({ADMIN}), about_a_cluster=False)
OPERATE_UNKNOWN = Right(frozenset({ADMIN, OPERATOR}), about_a_cluster=False, known=False)
OPERATE_ALL = Right(frozenset({ADMIN, OPERATOR}), about_a_cluster=False)
CHANGE_UNKNOWN = Right(frozenset({ADMIN}), about_a_cluster=False, known=False)
NEVER = Right()
"""By no name: it has a door of its own, or none."""

COMMANDS: Mapping[type[Command], Right] = {
    clusters.RegisterCluster: RULE,
    clusters.UpdateCluster: CHANGE,
    clusters.DeleteCluster: CHANGE,
    clusters.RefreshCluster: OPERATE,
    clusters.UploadCredentials: NEVER,
    clusters.RotateCredentials: NEVER,
    clusters.ValidateCredentials: NEVER,
    clusters.DeleteCredentials: NEVER,
    clusters.ImportClusters: NEVER,
    alerts.IngestAlerts: POST,
    alerts.SilenceAlert: OPERATE,
    alerts.UnsilenceAlert: OPERATE,
    anomalies.DefineWatch: OPERATE,
    anomalies.RemoveWatch: OPERATE_UNKNOWN,
    anomalies.GiveAnomalyFeedback: OPERATE,
    incidents.AcknowledgeIncident: OPERATE,
    incidents.ResolveIncident: OPERATE,
    incidents.ReopenIncident: OPERATE,
    incidents.MergeIncidents: OPERATE,
    incidents.SplitIncident: OPERATE,
    incidents.DefineCorrelationRule: CHANGE,
    incidents.RemoveCorrelationRule: CHANGE_UNKNOWN,
    rca.AnalyzeRootCause: OPERATE,
    replays.StartReplay: OPERATE,
    replays.CancelReplay: OPERATE,
    reports.GenerateReport: NEVER,
    reports.DeleteReport: OPERATE_UNKNOWN,
    reports.ScheduleReport: NEVER,
    reports.UnscheduleReport: OPERATE_UNKNOWN,
    personas.CreatePersona: OPERATE_ALL,
    personas.UpdatePersona: OPERATE_ALL,
    personas.DeletePersona: OPERATE_ALL,
    chat.CreateChatSession: NEVER,
    chat.AskQuestion: NEVER,
    chat.CancelTurn: NEVER,
    chat.DeleteChatSession: NEVER,
    operations.RebuildProjection: RULE,
    operations.RetryDeadLetter: RULE,
    operations.DropDeadLetter: RULE,
    access.CreateToken: NEVER,
    access.RevokeToken: NEVER,
    access.NoteAccess: NEVER,
}

_CHANGING_NOTHING: Mapping[type[Command], Callable[[], Json]] = {
    clusters.RegisterCluster: unreachable,
    clusters.UpdateCluster: lambda: {"patch": {"region": "r"}, "expected_version": 999},
    clusters.DeleteCluster: lambda: {"expected_version": 999},
    alerts.IngestAlerts: lambda: {"received_at": "2026-01-01T00:00:00Z", "reports": []},
    anomalies.RemoveWatch: lambda: {"watch_id": "nothing"},
    incidents.RemoveCorrelationRule: lambda: {"rule_id": "nothing"},
    operations.RebuildProjection: lambda: {"name": "nothing"},
    operations.RetryDeadLetter: lambda: {"sequence": 999_999},
    operations.DropDeadLetter: lambda: {"sequence": 999_999},
}
"""What is good and does little; others are as their builders make them."""
_DEFINED = {"rule", "watch"}
"""Fields of commands that define something for clusters."""
_ABOUT_CLUSTERS = {"cluster_id", "incident_id", "replay_id", "asked", *_DEFINED}


@dataclass(frozen=True)
class Asker:
    """Somebody with a role, for everything or for `World.mine` alone."""

    role: Role
    everywhere: bool

    def may(self, right: Right, *, foreign: bool) -> bool:
        """True if the table says so."""
        if self.role not in right.roles:
            return False
        return not right.known or self.everywhere or (right.about_a_cluster and not foreign)


_BUSY = {"RATE_LIMITED", "OVERLOADED", "BUS_UNAVAILABLE", "DATABASE_UNAVAILABLE"}

ASKERS = [Asker(role, everywhere) for role in Role for everywhere in (True, False)]


@dataclass
class Bots:
    """One publisher for each."""

    world: World
    known: dict[Asker, Bot] = field(default_factory=dict[Asker, Bot])

    async def of(self, asker: Asker) -> Bot:
        if asker not in self.known:
            scope = () if asker.everywhere else (self.world.mine.id,)
            self.known[asker] = await bot(self.world.platform, asker.role, *scope)
        return self.known[asker]


@pytest.fixture(scope="module")
async def bots(world: World) -> Bots:
    return Bots(world)


def body(command: type[Command], about: Somewhere) -> Json:
    """Fields of a command about a cluster, or about none where it is about none."""
    told = _CHANGING_NOTHING.get(command)
    if told is None:
        made = builders.COMMANDS[command]().model_dump_json(exclude_unset=True)
        fields: Json = json.loads(made)
    else:
        fields = told()
    for name in _DEFINED & fields.keys():
        fields[name] |= {"id": f"of-{about.name}", "cluster_ids": [about.id]}
    if "incident_id" in fields:
        fields |= {"incident_id": about.incident, "expected_version": 999}
    if "asked" in fields:
        fields["asked"]["cluster_ids"] = [about.id]
    if "replay_id" in fields:
        fields["replay_id"] = about.replay
    return fields | ({"cluster_id": about.id} if "cluster_id" in command.model_fields else {})


def test_every_command_is_in_the_matrix() -> None:
    assert set(catalog.COMMANDS) == COMMANDS.keys()
    for command, right in COMMANDS.items():
        about_a_cluster = bool(_ABOUT_CLUSTERS & command.model_fields.keys())
        assert right is NEVER or right.about_a_cluster == about_a_cluster, command
        told = about_a_cluster and not _names_its_cluster(command)
        of_its_own = not right.known or (told and right is not NEVER)
        # What has a door of its own may be about its own clusters there.
        assert right is NEVER or of_its_own == rights.is_of_its_own_clusters(command), command


def _names_its_cluster(command: type[Command]) -> bool:
    """False where it may be about something else, whose clusters only its handler knows."""
    fields = command.model_fields
    return "cluster_id" in fields and "incident_id" not in fields


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
async def test_who_may_give_a_command_on_the_bus(
    world: World, bots: Bots, command: type[Command]
) -> None:
    async def give(asker: Asker, about: Somewhere) -> bool:
        one = await bots.of(asker)
        name = f"{command.area}.{command.snake_name()}"
        done = await one.give(name, body(command, about), **{"ce-actor": "ada"})
        assert done.code != "VALIDATION_FAILED", done
        assert done.outcome != "failed", done
        return done.code != "PERMISSION_DENIED"

    await _matrix(world, command, give)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
async def test_who_may_give_a_command_by_rest(world: World, command: type[Command]) -> None:
    async def give(asker: Asker, about: Somewhere) -> bool:
        token = await world.token(asker.role, everywhere=asker.everywhere)
        given = {"name": command.__name__, "data": body(command, about)}
        async with world.platform.client(token) as client:
            answer = await _answer(client, given)
        assert answer.status_code not in {400, 401, 422, 500}, answer.text
        denied = answer.status_code == 403
        assert not denied or answer.json()["error"]["code"] == "PERMISSION_DENIED"
        return not denied

    await _matrix(world, command, give)


async def _answer(client: httpx.AsyncClient, given: Json) -> httpx.Response:
    """The first that says who may give it: while there is no time or room for it, none does."""
    async with asyncio.timeout(60):
        while True:
            answer = await client.post(f"{API}/commands", json=given)
            if answer.status_code < 429 or answer.json()["error"]["code"] not in _BUSY:
                return answer
            await asyncio.sleep(0.1)


async def _matrix(
    world: World, command: type[Command], give: Callable[[Asker, Somewhere], Awaitable[bool]]
) -> None:
    asked = [(asker, about) for asker in ASKERS for about in (world.mine, world.foreign)]
    given = await asyncio.gather(*(give(asker, about) for asker, about in asked))
    right = COMMANDS[command]
    for (asker, about), taken in zip(asked, given, strict=True):
        foreign = about is world.foreign
        assert taken == asker.may(right, foreign=foreign), (asker, "foreign" if foreign else "own")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
async def test_nobody_gives_a_command_without_a_login(world: World, command: type[Command]) -> None:
    given = {"name": command.__name__, "data": body(command, world.mine)}
    async with world.platform.client() as client:
        assert (await client.post(f"{API}/commands", json=given)).status_code == 401
    stranger = Bot(world.platform, "stranger")
    name = f"{command.area}.{command.snake_name()}"
    done = await stranger.give(name, body(command, world.mine))
    assert (done.outcome, done.code) == ("refused", "PERMISSION_DENIED")


@pytest.mark.parametrize("command", [each for each in COMMANDS if COMMANDS[each].about_a_cluster])
async def test_a_cluster_is_what_the_command_says_and_no_header(
    world: World, bots: Bots, command: type[Command]
) -> None:
    """Whatever else is said of the foreign cluster's command, it is about the foreign cluster."""
    one = await bots.of(Asker(ADMIN, everywhere=False))
    headers: dict[str, Any] = {"ce-cluster": world.mine.id, "ce-subject": world.mine.id}
    headers[SCOPE] = EVERYWHERE.written()
    name = f"{command.area}.{command.snake_name()}"
    done = await one.give(name, body(command, world.foreign), **headers)
    assert (done.outcome, done.code) == ("refused", "PERMISSION_DENIED")


def test_a_command_nobody_has_given_rights_for_is_for_administrators_alone() -> None:
    class Unheard(Command):
        area = "clusters"

    assert rights.given_by(Unheard) == {ADMIN}

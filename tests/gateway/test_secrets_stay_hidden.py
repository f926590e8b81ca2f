"""No secret that was ever given is anywhere in plain: bus, tables, logs, answers, commands."""

import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.catalog import command_class
from contracts.clusters import Cluster, Given
from contracts.envelope import Command
from contracts.refusals import Refused
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, simulating
from services.clusters import credentials
from services.runtime.access import digest
from services.runtime.settings import Settings
from services.runtime.vault.logins import target
from services.runtime.vault.material import Material
from tests.gateway.planting import FIRST, Story, ended, told
from tests.kit.builders import cluster as built
from tests.kit.gateway import Platform
from tests.kit.leaks import (
    Lines,
    Planted,
    Traffic,
    forms,
    listening_to_bus,
    listening_to_logs,
    stored_in_database,
    stored_on_bus,
)

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

HEARD = "a library that speaks"
Found = list[tuple[str, bytes]]


@dataclass
class Evidence:
    """All that there is to see of a story, at its end and after everything was deleted."""

    story: Story
    lines: Lines
    traffic: Traffic
    on_bus: Found
    in_database: Found
    afterwards: Found


@pytest.fixture(scope="module")
async def evidence(platform: Platform, platform_settings: Settings) -> AsyncGenerator[Evidence]:
    """The story, told once with everybody listening."""
    bus, settings = platform.gate.runtime.bus, platform_settings
    async with (
        simulating(Fleet.make(8, seed=11), Options(bad_tls=False)) as fleet,
        listening_to_bus(settings.nats.url) as traffic,
    ):
        with listening_to_logs() as lines:
            logging.getLogger("some.library").debug(HEARD)
            story = Story(platform, fleet)
            await told(story)
            database = settings.database.url.get_secret_value()
            kept = await stored_on_bus(bus), stored_in_database(database)
            await ended(story)
            after = [*await stored_on_bus(bus), *stored_in_database(database)]
        yield Evidence(story, lines, traffic, *kept, after)


def _leaks(evidence: Evidence, places: Found) -> list[str]:
    return evidence.story.planted.leaks(places)


async def test_no_message_on_any_subject_holds_a_secret(evidence: Evidence) -> None:
    assert evidence.traffic.dropped == 0
    for prefix in ("cmd.", "evt.", "tel.", "sch.", "due.", "$KV.outcomes.", "_INBOX.", "_R."):
        assert evidence.traffic.of(prefix), f"nothing was heard on {prefix}"
    assert _leaks(evidence, evidence.traffic.said) == []


async def test_no_stream_and_no_bucket_keeps_a_secret(evidence: Evidence) -> None:
    streams = {place.partition(" ")[0] for place, _ in evidence.on_bus}
    assert {"EVT", "TEL", "SCH", "KV_outcomes"} <= streams
    assert _leaks(evidence, evidence.on_bus) == []


async def test_no_table_of_any_schema_shows_a_secret(evidence: Evidence) -> None:
    tables = {place for place, _ in evidence.in_database}
    assert {"aiops.secret", "aiops.health_run", "aiops.token", "aiops.session"} <= tables
    assert {table.partition(".")[0] for table in tables} >= {"aiops", "fleet", "activity"}
    assert _leaks(evidence, evidence.in_database) == []


async def test_of_tokens_and_sessions_only_a_hash_is_kept(evidence: Evidence) -> None:
    kept = b"\n".join(data for _, data in evidence.in_database)
    assert len(evidence.story.shown_once) == 2
    for secret in evidence.story.shown_once:
        assert digest(secret) in kept
        assert evidence.story.planted.found_in(secret.encode()), "it is looked for"
    told = b"\n".join(data for _, data in [*evidence.on_bus, *evidence.traffic.said])
    assert b"planted revoked" in told, "tokens are told of, by their names"


async def test_no_log_line_of_anybody_tells_a_secret(evidence: Evidence) -> None:
    said = b"\n".join(text for _, text in evidence.lines.said)
    for event in (b"secrets_replaced", b"secrets_destroyed", b"discovery_failed"):
        assert event in said
    assert HEARD.encode() in said, "libraries' lines at DEBUG are among them"
    # Simulated clusters are served by uvicorn, which at DEBUG repeats the headers that it is sent.
    ours = [(place, text) for place, text in evidence.lines.said if place != "log uvicorn.error"]
    assert _leaks(evidence, ours) == []


async def test_no_answer_repeats_a_secret(evidence: Evidence) -> None:
    assert len(evidence.story.answers) > 100
    assert _leaks(evidence, evidence.story.answers) == []


async def test_no_command_holds_or_shows_a_secret(evidence: Evidence) -> None:
    commands = [_command(place, data) for place, data in evidence.traffic.of("cmd.")]
    names = {type(command).__name__ for command in commands}
    assert names >= {
        "CreateToken",
        "RevokeToken",
        "UploadCredentials",
        "RotateCredentials",
        "ValidateCredentials",
    }
    assert "ImportClusters" in names
    shown = [(type(each).__name__, f"{each!r} {each}".encode()) for each in commands]
    assert _leaks(evidence, shown) == []


def _command(place: str, data: bytes) -> Command:
    _, _, area, name = place.removeprefix("bus ").split(".")
    found = command_class(area, name)
    assert found is not None, place
    return found.model_validate_json(data[data.index(b"{", data.index(b"}")) :])


async def test_nothing_on_the_way_to_the_vault_shows_itself(evidence: Evidence) -> None:
    shown: Found = []
    for body in evidence.story.bodies:
        # Certificates may be seen; what was said in their place is no secret of anybody's.
        body = {name: value for name, value in body.items() if name != "ca_bundle"}
        try:
            sent = Given.model_validate(body)
        except ValidationError as error:
            shown.append(("error", f"{error!r} {error}".encode()))
            continue
        shown.append(("Given", f"{sent!r} {sent} {sent.model_dump()}".encode()))
        shown += _read(sent, built())
    assert {"Given", "Read", "Login", "Target", "Material"} <= {place for place, _ in shown}
    assert _leaks(evidence, shown) == []


def _read(sent: Given, cluster: Cluster) -> Found:
    try:
        read = credentials.read(sent, cluster)
    except Refused as refused:
        return [("Refused", f"{refused!r} {refused} {refused.details}".encode())]
    shown: list[tuple[str, object]] = [("Read", read), ("Logins", read.logins)]
    shown += [
        ("OidcClient", read.oidc),
        ("Material", Material(read.logins.materials()["backends"])),
    ]
    for login in read.logins.each.values():
        shown.append(("Login", login))
        try:
            shown.append(("Target", target(login, f"{login.origin}/", 1.0)))
        except Refused as refused:
            shown.append(("Refused", refused))
    return [(name, f"{each!r} {each}".encode()) for name, each in shown]


async def test_the_servers_logs_tell_no_secret(
    evidence: Evidence, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files: list[Path] = [*tmp_path_factory.getbasetemp().glob("**/logs/*.log")]
    assert _leaks(evidence, [(file.name, file.read_bytes()) for file in files]) == []


async def test_after_the_end_of_a_cluster_nothing_of_it_is_left_to_be_opened(
    evidence: Evidence,
) -> None:
    assert [place for place, _ in evidence.in_database if place == "aiops.secret"]
    left = {place for place, _ in evidence.afterwards}
    assert not left & {"aiops.secret", "aiops.deposit"}
    assert _leaks(evidence, evidence.afterwards) == []


async def test_a_deposit_is_gone_with_its_command(evidence: Evidence) -> None:
    assert "aiops.deposit" not in {place for place, _ in evidence.in_database}


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_a_secret_would_be_found_in_whatever_form(before: str) -> None:
    planted = Planted()
    planted.plant("it", FIRST)
    around = Planted()
    around.plant("around", f"{before}{FIRST}, and more")
    for form in around.secrets["around#0"]:
        assert planted.found_in(b"behind " + form + b" before") == ["it#0"], form
    assert planted.found_in(b"planted-first") == []
    assert len(forms(FIRST)) > 10

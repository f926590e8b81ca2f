"""Silences through the platform, put into a real Alertmanager and ended there."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts.alerts import SilenceAlert
from gateway.rest.documented_silences import SilenceList, SilenceMade
from services.alerts import handlers_silences
from services.alerts.normalize import fingerprint
from services.runtime.ids import new_id
from services.runtime.principals import Role
from services.runtime.settings import environment
from tests.kit.alertmanager import Alertmanager, alert as posted, alertmanager
from tests.kit.gateway import API, Json, Platform, alert, on_the_wire, refused
from tests.kit.tree import ROOT
from tests.kit.worker import Killed, dies, working

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

LABELS = {"alertname": "DiskFull", "severity": "critical", "namespace": "ran"}
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass
class Silencing:
    """A cluster with a real Alertmanager, and what people do to its alerts."""

    platform: Platform
    alertmanager: Alertmanager
    cluster_id: str
    numbers: list[int] = field(default_factory=list[int])

    async def fire(self, **labels: str) -> Json:
        """An alert of its own that fires, here and there, as REST shows it."""
        self.numbers.append(len(self.numbers))
        told = LABELS | {"disk": str(len(self.numbers))} | labels
        print_ = fingerprint(told)
        await self.alertmanager.post([posted(told)])
        await self.platform.report(self.cluster_id, alert(labels=told, fingerprint=print_))
        return await self.platform.list(f"/alerts/{print_}", cluster_id=self.cluster_id)

    async def silence(
        self, told: Json, *, key: str | None = None, by: str | None = None, **body: Any
    ) -> httpx.Response:
        """Silence an alert for two hours, unless told otherwise."""
        wanted = ({} if "ends_at" in body else {"duration": "2h"}) | body
        headers = {"idempotency-key": key} if key else {}
        async with self.platform.client(by or self.platform.admin) as client:
            url = f"{API}/alerts/{told['id']}/silence"
            return await client.post(url, json=wanted, headers=headers)

    async def made(self, told: Json, **body: Any) -> SilenceMade:
        """The silence that was made."""
        answer = await self.silence(told, **body)
        assert answer.status_code == 201, answer.text
        return SilenceMade.model_validate(answer.json())

    async def there(self, silence_id: str) -> Json:
        """A silence as Alertmanager has it."""
        (found,) = (each for each in await self.alertmanager.silences() if each["id"] == silence_id)
        return found

    async def active(self) -> set[str]:
        """Those that Alertmanager has in force."""
        every = await self.alertmanager.silences()
        return {each["id"] for each in every if each["status"]["state"] == "active"}

    async def remove(self, silence_id: str, by: str | None = None, **query: Any) -> httpx.Response:
        """End a silence."""
        async with self.platform.client(by or self.platform.admin) as client:
            return await client.delete(f"{API}/silences/{silence_id}", params=query)

    async def listed(self, by: str | None = None, **query: Any) -> SilenceList:
        """Silences as REST tells them."""
        async with self.platform.client(by or self.platform.admin) as client:
            answer = await client.get(f"{API}/silences", params=query)
        assert answer.status_code == 200, answer.text
        return SilenceList.model_validate(answer.json())

    async def events(self, told: Json) -> list[tuple[str, str]]:
        """What the log has of the muting of an alert, by people."""
        await self.platform.settle()
        query = {"entity_type": "alert_muting", "entity_id": told["fingerprint"]}
        items = (await self.platform.list("/events", **query))["items"]
        return [(each["event_type"], each["actor"]) for each in items if each["actor"] == "ada"]


@pytest.fixture(scope="module")
async def silencing(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Silencing]:
    async with alertmanager(tmp_path_factory.mktemp("alertmanager")) as found:
        cluster = await platform.register(endpoints={"alertmanager_url": found.url})
        yield Silencing(platform, found, cluster["id"])


async def test_an_alert_is_silenced_in_its_cluster_and_shows_it_at_once(
    silencing: Silencing,
) -> None:
    told = await silencing.fire()
    assert told["silenced"] is False
    answer = await silencing.silence(told, comment="a new disk")
    assert answer.status_code == 201, answer.text
    made = SilenceMade.model_validate(answer.json())
    assert made.alert.silenced
    assert (str(made.alert.id), str(made.cluster_id)) == (told["id"], silencing.cluster_id)
    assert (made.labels, made.comment, made.warnings) == (told["labels"], "a new disk", [])
    there = await silencing.there(made.silence_id)
    assert there["createdBy"] == "ada"
    assert "a new disk" in there["comment"]
    assert {each["name"]: each["value"] for each in there["matchers"]} == told["labels"]
    (shown,) = await silencing.alertmanager.alerts(filter=f'disk="{told["labels"]["disk"]}"')
    assert shown["status"]["silencedBy"] == [made.silence_id]
    assert int(answer.headers["x-event-sequence"]) <= await silencing.platform.last_sequence()


async def test_the_log_tells_who_has_silenced_and_who_has_ended_it(silencing: Silencing) -> None:
    told = await silencing.fire()
    made = await silencing.made(told)
    assert await silencing.events(told) == [("ALERT_SILENCED", "ada")]
    answer = await silencing.remove(made.silence_id)
    assert answer.status_code == 204, answer.text
    assert await silencing.events(told) == [("ALERT_SILENCED", "ada"), ("ALERT_UNSILENCED", "ada")]


async def test_a_silence_is_listed_and_when_it_is_ended_everything_shows_it_at_once(
    silencing: Silencing,
) -> None:
    told = await silencing.fire()
    made = await silencing.made(told, comment="a new disk")
    (found,) = [s for s in (await silencing.listed()).items if s.id == made.silence_id]
    assert (found.created_by, found.comment, found.state) == ("ada", "a new disk", "ACTIVE")
    assert found.command_id is not None
    assert abs(found.ends_at - made.ends_at) < timedelta(seconds=1)
    assert {each.name: each.value for each in found.matchers} == told["labels"]
    assert str(found.cluster_id) == silencing.cluster_id
    answer = await silencing.remove(made.silence_id, cluster_id=silencing.cluster_id)
    assert answer.status_code == 204, answer.text
    assert made.silence_id not in {each.id for each in (await silencing.listed()).items}
    ended = (await silencing.listed(state="expired")).items
    assert made.silence_id in {each.id for each in ended}
    assert (await silencing.platform.list(f"/alerts/{told['id']}"))["silenced"] is False
    assert made.silence_id not in await silencing.active()


async def test_a_silence_that_has_ended_may_be_ended_again(silencing: Silencing) -> None:
    made = await silencing.made(await silencing.fire())
    for _ in range(2):
        assert (await silencing.remove(made.silence_id)).status_code == 204


async def test_with_fewer_labels_more_alerts_are_silenced(silencing: Silencing) -> None:
    one, two = [await silencing.fire(rack="7") for _ in range(2)]
    made = await silencing.made(one, labels=["alertname", "rack"])
    assert made.labels == {"alertname": "DiskFull", "rack": "7"}
    shown = await silencing.alertmanager.alerts(filter='rack="7"')
    assert [each["status"]["silencedBy"] for each in shown] == [[made.silence_id]] * 2
    assert two["id"] != one["id"]


async def test_a_request_that_comes_twice_makes_one_silence(silencing: Silencing) -> None:
    told = await silencing.fire()
    first = await silencing.made(told, key="a-key")
    again = await silencing.made(told, key="a-key")
    assert again.silence_id == first.silence_id
    assert again.ends_at == first.ends_at
    assert (await silencing.events(told)).count(("ALERT_SILENCED", "ada")) == 1


async def test_two_silences_of_an_alert_are_two(silencing: Silencing) -> None:
    told = await silencing.fire()
    one, two = [await silencing.made(told) for _ in range(2)]
    assert one.silence_id != two.silence_id
    await silencing.remove(one.silence_id)
    assert (await silencing.platform.list(f"/alerts/{told['id']}"))["silenced"] is True
    await silencing.remove(two.silence_id)
    assert (await silencing.platform.list(f"/alerts/{told['id']}"))["silenced"] is False


async def test_an_alert_that_has_ended_may_be_silenced_for_the_next_time(
    silencing: Silencing,
) -> None:
    told = await silencing.fire()
    over = alert(
        status="resolved",
        endsAt="2026-01-02T12:00:00Z",
        labels=told["labels"],
        fingerprint=told["fingerprint"],
    )
    await silencing.platform.report(silencing.cluster_id, over)
    made = await silencing.made(told)
    assert made.alert.state == "RESOLVED"
    assert len(made.warnings) == 1
    assert made.silence_id in await silencing.active()


async def test_a_worker_killed_between_alertmanager_and_the_log_makes_no_second_silence(
    silencing: Silencing,
) -> None:
    told = await silencing.fire()
    command_id = new_id()
    before = await silencing.active()
    async with working(silencing.platform.settings) as worker:
        command = SilenceAlert(
            alert_id=UUID(told["id"]),
            cluster_id=UUID(silencing.cluster_id),
            labels=told["labels"],
            fingerprint=told["fingerprint"],
            ends_at=worker.clock.now() + timedelta(hours=1),
        )
        with pytest.raises(Killed):
            await handlers_silences.silence(command, worker.store(command_id, before=dies))
        assert len(await silencing.active() - before) == 1
        done = await handlers_silences.silence(command, worker.store(command_id))
    assert await silencing.active() - before == {done.details["silence_id"]}
    assert await silencing.events(told) == [("ALERT_SILENCED", "ada")]


@pytest.mark.parametrize(
    ("field_", "body"),
    [
        ("duration", {"duration": None}),
        ("duration", {"duration": "2h", "ends_at": "2030-01-01T00:00:00Z"}),
        ("duration", {"duration": "2 hours"}),
        ("duration", {"duration": "0h"}),
        ("duration", {"duration": "2h\n"}),
        ("duration", {"duration": "9999999w"}),
        ("ends_at", {"duration": "31d"}),
        ("ends_at", {"ends_at": "2020-01-01T00:00:00Z"}),
        ("ends_at", {"ends_at": "2030-01-01T00:00:00"}),
        ("labels", {"labels": ["disk", "colour"]}),
        ("labels", {"labels": []}),
        ("comment", {"comment": "x" * 1025}),
        ("regex", {"regex": "x"}),
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    silencing: Silencing, field_: str, body: Json
) -> None:
    told = await silencing.fire()
    before = await silencing.active()
    error = refused(await silencing.silence(told, **body), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == [field_]
    assert await silencing.active() == before


async def test_an_alert_with_very_many_labels_wants_some_named(silencing: Silencing) -> None:
    told = await silencing.fire(**{f"label_{number}": "x" for number in range(70)})
    error = refused(await silencing.silence(told), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == ["labels"]
    await silencing.made(told, labels=["alertname", "disk"])


@pytest.mark.parametrize("ref", [NOBODY, "0123456789abcdef", "🚨"])
async def test_an_alert_that_nobody_knows_is_not_silenced(silencing: Silencing, ref: str) -> None:
    refused(await silencing.silence({"id": ref}), "ALERT_NOT_FOUND")


@pytest.mark.parametrize("silence_id", [NOBODY, "g", "a" * 65, "🚨"])
async def test_a_silence_that_nobody_has_is_not_ended(
    silencing: Silencing, silence_id: str
) -> None:
    refused(await silencing.remove(silence_id), "SILENCE_NOT_FOUND")
    refused(
        await silencing.remove(silence_id, cluster_id=silencing.cluster_id), "SILENCE_NOT_FOUND"
    )


async def test_a_cluster_that_nobody_knows_has_no_silences(silencing: Silencing) -> None:
    refused(await silencing.remove(NOBODY, cluster_id=NOBODY), "CLUSTER_NOT_FOUND")


async def test_who_may_see_other_clusters_only_finds_nothing_here(silencing: Silencing) -> None:
    told = await silencing.fire()
    made = await silencing.made(told)
    other = await silencing.platform.register()
    token = await silencing.platform.token(Role.ADMIN, other["id"])
    refused(await silencing.silence(told, by=token), "ALERT_NOT_FOUND")
    assert (await silencing.listed(token)).items == []
    refused(await silencing.remove(made.silence_id, token), "SILENCE_NOT_FOUND")
    cluster_id = silencing.cluster_id
    refused(
        await silencing.remove(made.silence_id, token, cluster_id=cluster_id), "CLUSTER_NOT_FOUND"
    )
    assert made.silence_id in await silencing.active()
    token = await silencing.platform.token(Role.ADMIN, cluster_id)
    assert (await silencing.remove(made.silence_id, token)).status_code == 204


async def test_who_only_posts_alerts_may_not_silence_them(silencing: Silencing) -> None:
    told = await silencing.fire()
    token = await silencing.platform.token(Role.INGEST, silencing.cluster_id)
    refused(await silencing.silence(told, by=token), "PERMISSION_DENIED")
    refused(await silencing.remove(NOBODY, token), "PERMISSION_DENIED")


async def test_a_cluster_without_an_alertmanager_says_what_to_do(silencing: Silencing) -> None:
    bare = await silencing.platform.register()
    await silencing.platform.report(bare["id"], alert(labels={"disk": "9"}))
    told = await silencing.platform.list(f"/alerts/{'0' * 16}", cluster_id=bare["id"])
    error = refused(await silencing.silence(told), "CLUSTER_UNREACHABLE")
    assert "has no Alertmanager" in error["message"]


async def test_what_alertmanager_refuses_is_told_in_its_words(silencing: Silencing) -> None:
    number = 7
    odd = alert(number, labels={"disk-name": "sda"})
    await silencing.platform.report(silencing.cluster_id, odd)
    told = await silencing.platform.list(f"/alerts/{number:016x}", cluster_id=silencing.cluster_id)
    before = await silencing.active()
    error = refused(await silencing.silence(told), "VALIDATION_FAILED")
    assert 'invalid label name "disk-name"' in error["message"]
    assert await silencing.active() == before
    await silencing.made(told, labels=["alertname"])


async def test_an_alertmanager_that_is_away_is_told_and_nothing_is_pretended(
    silencing: Silencing, tmp_path_factory: pytest.TempPathFactory
) -> None:
    platform = silencing.platform
    async with alertmanager(tmp_path_factory.mktemp("away")) as away:
        cluster = await platform.register(endpoints={"alertmanager_url": away.url})
        await platform.report(cluster["id"], alert(8))
        told = await platform.list(f"/alerts/{8:016x}", cluster_id=cluster["id"])
        await away.stop()
        refused(await silencing.silence(told), "CLUSTER_UNREACHABLE")
        refused(await silencing.remove(NOBODY, cluster_id=cluster["id"]), "CLUSTER_UNREACHABLE")
        assert (await platform.list(f"/alerts/{told['id']}"))["silenced"] is False
        await away.start()
        made = await silencing.made(told)
        assert [each["id"] for each in await away.silences()] == [made.silence_id]


async def test_the_command_line_lists_silences_and_ends(silencing: Silencing) -> None:
    one, _ = [await silencing.fire(rack="cli") for _ in range(2)]
    async with on_the_wire(silencing.platform) as url:
        told = {"AIOPS_GATEWAY_URL": url, "AIOPS_TOKEN": silencing.platform.admin}

        async def said(*words: str) -> str:
            command = (sys.executable, "-m", "deploy.cli.main", *words)
            run = partial(subprocess.run, capture_output=True, check=False, text=True, timeout=60)
            done = await asyncio.to_thread(run, command, env=environment() | told, cwd=ROOT)
            assert done.returncode == 0, done.stderr
            return done.stdout

        found = ("alerts", "list", "--label", "rack=cli", "--json")
        assert len(json.loads(await said(*found, "--limit", "1"))) == 1
        assert len(json.loads(await said(*found))) == 2
        words = ("alerts", "silence", one["id"], "--for", "1h", "--label", "rack", "--json")
        made = json.loads(await said(*words))
        assert made["alert"]["silenced"] is True
        assert made["silence_id"] in await said("silences", "list", "--json")
        await said("silences", "rm", made["silence_id"])
        assert made["silence_id"] not in await said("silences", "list", "--json")
    assert made["silence_id"] not in await silencing.active()

"""What the collector says of real Alertmanagers is what they say themselves."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contracts.clusters import Checked
from contracts.refusals import Code
from contracts.telemetry import ExpireSilence, PutSilence, ReadAlerts, ReadSilences
from services.runtime.backends.breaker import FAILURES
from services.runtime.clock import SystemClock
from services.runtime.ids import new_id
from services.runtime.vault.logins import Login, origin_of
from services.telemetry.handlers_alerts import (
    expire_silence,
    put_silence,
    read_alerts,
    read_silences,
)
from tests.kit.alertmanager import Alertmanager, Shape, alert, alertmanager
from tests.kit.authorities import authority
from tests.kit.runtime import eventually
from tests.services.telemetry.collecting import Collector
from tests.services.telemetry.simulated_backends import Asks, Json, Routes, answering

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

ROUTES: Routes = {
    ReadAlerts: read_alerts,
    ReadSilences: read_silences,
    PutSilence: put_silence,
    ExpireSilence: expire_silence,
}
AM = Checked.ALERTMANAGER
HOUR = timedelta(hours=1)
INHIBITING = """\
[{source_matchers: [severity = critical], target_matchers: [severity = warning], equal: [node]}]"""
BASIC = "{ada: $2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay}"  # "test"


def now() -> datetime:
    return SystemClock().now()


def put(**labels: str) -> PutSilence:
    """Ask for a silence of an hour."""
    return PutSilence(mark=new_id(), labels=labels, ends_at=now() + HOUR, created_by="ada")


@asynccontextmanager
async def asking(collector: Collector, url: str) -> AsyncGenerator[Asks]:
    """Somebody who asks about a cluster with this Alertmanager."""
    cluster_id = await collector.cluster("https://nowhere.test", alertmanager_url=url)
    async with answering(collector, ROUTES) as asker:
        yield Asks(asker, cluster_id)


async def told(asks: Asks, am: Alertmanager) -> dict[str, Json]:
    """Its alerts by name, after a look at whether it says the same itself."""
    found, trailer = await asks.whole(ReadAlerts())
    assert found["alerts"] == await am.alerts()
    assert trailer["count"] == len(found["alerts"])
    assert found["status"].keys() == {"uptime", "cluster", "versionInfo"}
    assert found["status"]["uptime"] == (await am.status())["uptime"]
    return {each["labels"]["alertname"]: each for each in found["alerts"]}


async def test_alerts_in_every_state_and_after_a_restart(
    collector: Collector, tmp_path: Path
) -> None:
    shape = Shape(inhibit_rules=INHIBITING, prefix="/alertmanager")
    async with alertmanager(tmp_path, shape) as am, asking(collector, f"{am.url}/") as asks:
        assert await told(asks, am) == {}
        await am.post(
            [
                alert({"alertname": "Down", "severity": "critical", "node": "a"}),
                alert({"alertname": "Slow", "severity": "warning", "node": "a"}),
                alert({"alertname": "Full", "path": "/ünï"}, starts_at=now() - HOUR),
                alert({"alertname": "Past"}, ends_at=now() - HOUR, starts_at=now() - 2 * HOUR),
            ]
        )
        made, _ = await asks.whole(put(alertname="Full"))

        async def settled() -> bool:
            listed = await am.alerts()
            states = {each["labels"]["alertname"]: each["status"]["state"] for each in listed}
            return states == {"Down": "active", "Slow": "suppressed", "Full": "suppressed"}

        await eventually(settled)
        found = await told(asks, am)
        assert found["Slow"]["status"]["inhibitedBy"] == [found["Down"]["fingerprint"]]
        assert found["Full"]["status"]["silencedBy"] == [made["silenceID"]]
        before, _ = await asks.whole(ReadAlerts())
        await am.restart()
        after, _ = await asks.whole(ReadAlerts())
        assert after["alerts"] == []
        up = [datetime.fromisoformat(each["status"]["uptime"]) for each in (before, after)]
        assert up[0] < up[1]


async def test_a_silence_lives_as_its_askers_want_it(collector: Collector, tmp_path: Path) -> None:
    async with alertmanager(tmp_path) as am, asking(collector, am.url) as asks:
        await am.post([alert({"alertname": "Full"}), alert({"alertname": "Slow"})])
        asked = put(alertname="Full")
        collector.clock.ahead = -600  # Its clock and ours never agree.
        made, _ = await asks.whole(asked)
        collector.clock.ahead = 600
        assert (await asks.whole(asked))[0] == made
        (kept,) = await am.silences()
        assert kept["status"]["state"] == "active"
        assert kept["comment"] == f"(aiops:{asked.mark})"
        assert kept["matchers"] == [
            {"name": "alertname", "value": "Full", "isRegex": False, "isEqual": True}
        ]
        assert abs(datetime.fromisoformat(kept["endsAt"]) - asked.ends_at) < timedelta(seconds=1)
        assert (await told(asks, am))["Full"]["status"]["silencedBy"] == [kept["id"]]
        expire = ExpireSilence(silence_id=kept["id"])
        for _ in range(2):
            async with asks.asker.ask(asks.place, expire, seconds=10) as answer:
                assert [part async for part in answer] == []
            assert (await told(asks, am))["Full"]["status"]["silencedBy"] == []
        assert (await asks.whole(asked))[0] == made
        assert (await asks.whole(ReadSilences()))[0] == await am.silences()
        for unknown in (str(new_id()), "abc"):
            refused = await asks.refused(ExpireSilence(silence_id=unknown))
            assert refused.code is Code.SILENCE_NOT_FOUND


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends_at": datetime.fromisoformat("2020-01-01T00:00:00Z")}, "end time"),
        ({"labels": {"a": ""}}, "at least one matcher must not match the empty string"),
        ({"labels": {"a-b": "c"}}, 'invalid label name "a-b"'),
    ],
)
async def test_a_silence_is_refused_in_its_own_words(
    collector: Collector, tmp_path: Path, changes: Json, words: str
) -> None:
    async with alertmanager(tmp_path) as am, asking(collector, am.url) as asks:
        for _ in range(FAILURES + 1):
            refused = await asks.refused(put(alertname="A").model_copy(update=changes))
            assert refused.code is Code.VALIDATION_FAILED
            assert words in refused.message
        assert await am.silences() == []


async def test_a_mark_is_known_to_both_of_two_twins(collector: Collector, tmp_path: Path) -> None:
    async with (
        alertmanager(tmp_path / "a", clustered=True) as first,
        alertmanager(tmp_path / "b", twin=first) as second,
        asking(collector, first.url) as asks,
    ):
        asked = put(alertname="Full")
        made, _ = await asks.whole(asked)
        await eventually(second.silences)
        cluster_id = await collector.cluster("https://nowhere.test", alertmanager_url=second.url)
        assert (await Asks(asks.asker, cluster_id).whole(asked))[0] == made


async def test_a_stop_is_told_and_forgotten_after_it(collector: Collector, tmp_path: Path) -> None:
    async with alertmanager(tmp_path) as am, asking(collector, am.url) as asks:
        await am.post([alert({"alertname": "Full"})])
        await am.kill()
        assert (await asks.refused(ReadAlerts())).code is Code.CLUSTER_UNREACHABLE
        await am.start()
        await am.post([alert({"alertname": "Full"})])
        assert (await told(asks, am)).keys() == {"Full"}


async def test_tls_a_client_certificate_and_a_password_are_used(
    collector: Collector, tmp_path: Path
) -> None:
    ca = authority()
    server, client = ca.server_identity(), ca.client_identity()
    for name, text in (("ca", ca.pem), ("server", server.pem), ("key", server.key)):
        (tmp_path / f"{name}.pem").write_text(text)
    web = f"""
tls_server_config:
  cert_file: {tmp_path / "server.pem"}
  key_file: {tmp_path / "key.pem"}
  client_ca_file: {tmp_path / "ca.pem"}
  client_auth_type: RequireAndVerifyClientCert
basic_auth_users: {BASIC}
"""
    async with alertmanager(tmp_path / "am", Shape(web=web)) as am:
        url = am.url.replace("http://", "https://")
        login = Login(
            origin_of(url),
            username="ada",
            password="test",
            certificate=client.pem,
            key=client.key,
            ca=ca.pem,
        )
        async with asking(collector, url) as asks:
            assert (await asks.refused(ReadAlerts())).code is Code.CREDENTIALS_INVALID
            await collector.login(asks.cluster_id, AM, login)
            made, _ = await asks.whole(put(alertname="Full"))
            (kept,), _ = await asks.whole(ReadSilences())
            assert kept["id"] == made["silenceID"]

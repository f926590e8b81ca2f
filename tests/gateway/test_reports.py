"""Reports over REST, end to end: asked for, made by a worker as whoever asked, read, removed."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts.envelope import Context, Recorded, rfc3339
from contracts.reports import ReportProgress, ReportStarted
from gateway.rest.documented_reports import ReportList, ReportScheduleList
from projections.reports.view import ReportView, ScheduleView
from services.reports import handlers
from services.runtime import objects, schedules, streams
from services.runtime.ids import derived_id, new_id
from services.runtime.log import NOTHING
from services.runtime.principals import Role
from services.runtime.settings import Settings
from services.runtime.settings_collecting import IncidentSettings
from services.runtime.store import Store
from tests.kit.gateway import API, Json, Platform, alert, platform_on, refused
from tests.kit.report_builders import acting, report_asked, report_requested
from tests.kit.runtime import eventually, store

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

URL = f"{API}/reports"
QUICK = {"incidents": IncidentSettings(settle_seconds=1.0, settle_critical_seconds=0.5)}
NOBODY = "99999999-9999-4999-8999-999999999999"
FUTURE = {"start": "2999-01-01T00:00:00Z", "end": "2999-01-02T00:00:00Z"}
BACKWARDS = {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}
HOSTILE = "<script>alert(1)</script> #panic() [x](javascript:1)"


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """One whose incidents open soon."""
    async with platform_on(platform_settings.model_copy(update=QUICK)) as running:
        yield running


async def _ended(client: httpx.AsyncClient, answer: httpx.Response) -> ReportView:
    assert answer.status_code == 201, answer.text
    return await _over(client, answer.headers["location"])


async def _over(client: httpx.AsyncClient, where: str) -> ReportView:
    async def over() -> ReportView | None:
        found = await client.get(where)
        if found.status_code == 404:
            return None
        view = ReportView.model_validate(found.json())
        return None if view.status in {"QUEUED", "RUNNING"} else view

    view = await eventually(over, within=60)
    assert view is not None
    return view


async def _made(platform: Platform, **asked: Any) -> ReportView:
    view = await _ended(platform.http, await platform.http.post(URL, json=asked))
    assert (view.status, view.reason) == ("READY", None)
    return view


async def _trouble(platform: Platform, name: str = "KubeNodeNotReady") -> tuple[str, str]:
    """A cluster with an incident of a node and of what runs on it, which was analysed."""
    cluster: str = (await platform.register())["id"]
    down = {"alertname": name, "severity": "critical", "node": "worker-3"}
    pods = [
        {"alertname": "KubePodNotReady", "severity": "warning", "node": "worker-3"}
        | {"namespace": f"team-{number}", "pod": f"app-7d9c6f5b8-{number:05}"}
        for number in range(3)
    ]
    await platform.report(cluster, *(alert(n, labels=each) for n, each in enumerate([down, *pods])))

    async def incident() -> str | None:
        items = (await platform.list("/incidents", cluster_id=cluster))["items"]
        known = (await platform.list("/analysis/rca", cluster_id=cluster))["total"]
        whole = sum(each["signals"] for each in items) == 4 and known > 0
        return items[0]["id"] if whole and len(items) == 1 else None

    found = await eventually(incident, within=60)
    assert found is not None
    return cluster, found


async def _download(client: httpx.AsyncClient, view: ReportView) -> httpx.Response:
    return await client.get(f"{URL}/{view.id}/download")


async def test_an_incident_as_html_from_request_to_deletion(platform: Platform) -> None:
    _, incident = await _trouble(platform, HOSTILE)
    view = await _made(platform, report_type="INCIDENT_REPORT", incident_id=incident)
    assert view.format == "HTML"
    assert view.model is None
    answer = await _download(platform.http, view)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith('inline; filename="Incident-')
    assert len(answer.content) == view.size_bytes
    page = answer.text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for heading in ("Impact", "Timeline", "Root cause", "Doubts", "What to do", "See it again"):
        assert f"<h2>{heading}</h2>" in page
    assert f'href="/incidents/{incident}?as_of=' in page
    assert 'href="/events?event=' in page
    etag = answer.headers["etag"]
    again = await platform.http.get(f"{URL}/{view.id}/download", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert (await platform.http.delete(f"{URL}/{view.id}")).status_code == 204
    for gone in (f"{URL}/{view.id}", f"{URL}/{view.id}/download"):
        refused(await platform.http.get(gone), "REPORT_NOT_FOUND")
    bucket = objects.reports(platform.gate.runtime.bus)
    await eventually(lambda: _is_gone(bucket, view.id))


async def _is_gone(bucket: objects.Objects, of: UUID) -> bool:
    return await bucket.get(of) is None


FORMATS = {
    "HTML": ("text/html; charset=utf-8", b"<!doctype html>"),
    "PDF": ("application/pdf", b"%PDF-"),
    "MARKDOWN": ("text/markdown; charset=utf-8", b"# "),
    "JSON": ("application/json", b"{"),
}


@pytest.fixture(scope="module")
async def trouble(platform: Platform) -> tuple[str, str]:
    """A cluster and its incident, for those who change neither."""
    return await _trouble(platform)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("EXECUTIVE_SUMMARY", "HTML"),
        ("EXECUTIVE_SUMMARY", "PDF"),
        ("DETAILED_ANALYSIS", "MARKDOWN"),
        ("DETAILED_ANALYSIS", "PDF"),
        ("CAPACITY_PLAN", "JSON"),
        ("CAPACITY_PLAN", "HTML"),
    ],
)
async def test_each_type_is_made(
    platform: Platform, trouble: tuple[str, str], kind: str, form: str
) -> None:
    cluster, _ = trouble
    view = await _made(platform, report_type=kind, format=form, cluster_scope=[cluster])
    answer = await _download(platform.http, view)
    media, begin = FORMATS[form]
    assert answer.headers["content-type"] == media
    assert answer.content.lstrip().startswith(begin)
    assert view.cluster_scope == [UUID(cluster)]


async def test_its_steps_are_told_live(platform: Platform, trouble: tuple[str, str]) -> None:
    cluster, _ = trouble
    view = await _made(platform, report_type="EXECUTIVE_SUMMARY", cluster_scope=[cluster])
    bus, subject = platform.gate.runtime.bus, f"tel.report.{cluster}.{view.id}"

    async def told() -> list[ReportProgress]:
        query = {"seq": 1, "next_by_subj": subject, "batch": 100}
        found = await bus.get_many(streams.TELEMETRY, query)
        steps = [ReportProgress.model_validate_json(each.data) for each in found]
        return steps if steps and steps[-1].status == "READY" else []

    steps = await eventually(told)
    assert [each.done for each in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].done == steps[-1].of
    assert {"reading incidents", "summing up", "writing HTML"} <= {each.step for each in steps}


async def test_it_tells_what_its_asker_may_read_and_nothing_else(
    platform: Platform, trouble: tuple[str, str]
) -> None:
    cluster, _ = trouble
    other = await platform.register(name="not-for-everybody")
    async with platform.client(await platform.token(Role.VIEWER, cluster)) as viewer:
        asked = {"report_type": "DETAILED_ANALYSIS", "format": "JSON"}
        view = await _ended(viewer, await viewer.post(URL, json=asked))
        assert (view.status, view.cluster_scope) == ("READY", [UUID(cluster)])
        told = await _download(viewer, view)
        assert "not-for-everybody" not in told.text
        both = await _made(platform, **asked, cluster_scope=[cluster, other["id"]])
        assert "not-for-everybody" in (await _download(platform.http, both)).text
        whole = await _made(platform, **asked)
        for unseen in (both, whole):
            refused(await viewer.get(f"{URL}/{unseen.id}"), "REPORT_NOT_FOUND")
            refused(await _download(viewer, unseen), "REPORT_NOT_FOUND")
        listed = ReportList.model_validate((await viewer.get(URL)).json())
        assert {each.id for each in listed.items} & {both.id, whole.id} == set()
        assert view.id in {each.id for each in listed.items}
        answer = await viewer.post(URL, json=asked | {"cluster_scope": [other["id"]]})
        refused(answer, "PERMISSION_DENIED")
        refused(await viewer.delete(f"{URL}/{view.id}"), "PERMISSION_DENIED")


async def test_lists_are_filtered(platform: Platform, trouble: tuple[str, str]) -> None:
    cluster, _ = trouble
    view = await _made(
        platform, report_type="CAPACITY_PLAN", format="JSON", cluster_scope=[cluster]
    )

    async def found(**query: Any) -> bool:
        page = ReportList.model_validate(await platform.list("/reports", page_size=100, **query))
        return view.id in {each.id for each in page.items}

    assert await found(report_type="CAPACITY_PLAN", status="READY", cluster_id=cluster)
    assert not await found(report_type="EXECUTIVE_SUMMARY")
    assert not await found(status="FAILED")
    assert not await found(cluster_id=str(new_id()))
    assert not await found(schedule_id=str(new_id()))
    last = await platform.last_sequence()
    before = {"as_of_sequence": "0"}
    assert not await found(**before)
    assert await found(as_of_sequence=str(last))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"report_type": "INCIDENT_REPORT"}, "VALIDATION_FAILED"),
        ({"report_type": "INCIDENT_REPORT", "incident_id": NOBODY}, "INCIDENT_NOT_FOUND"),
        ({"report_type": "CAPACITY_PLAN", "incident_id": NOBODY}, "VALIDATION_FAILED"),
        ({"report_type": "CAPACITY_PLAN", "time_range": FUTURE}, "VALIDATION_FAILED"),
        ({"report_type": "CAPACITY_PLAN", "time_range": BACKWARDS}, "VALIDATION_FAILED"),
        ({"report_type": "CAPACITY_PLAN", "title": "two\nlines"}, "VALIDATION_FAILED"),
        ({"report_type": "NOVEL"}, "VALIDATION_FAILED"),
    ],
)
async def test_what_cannot_be_made_is_refused(platform: Platform, asked: Json, code: str) -> None:
    refused(await platform.http.post(URL, json=asked), code)


async def test_one_that_fails_says_why(platform: Platform) -> None:
    told = report_requested(
        report_id=new_id(),
        asked=report_asked(report_type="INCIDENT_REPORT", incident_id=NOBODY, cluster_scope=()),
        acting=acting(None),
        expires_at=platform.gate.clock.now() + timedelta(days=1),
    )
    await store(platform.gate.log, told, after=NOTHING)
    view = await _over(platform.http, f"{URL}/{told.report_id}")
    assert (view.status, view.code) == ("FAILED", "INCIDENT_NOT_FOUND")
    refused(await _download(platform.http, view), "REPORT_NOT_FOUND")


async def test_a_worker_that_dies_on_the_way_leaves_one_report(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster: str = (await platform.register())["id"]
    await platform.workers.stop()
    requested = report_requested(
        report_id=new_id(),
        asked=report_asked(cluster_scope=(cluster,), format="JSON"),
        acting=acting(UUID(cluster)),
        expires_at=platform.gate.clock.now() + timedelta(days=1),
    )
    await store(platform.gate.log, requested, after=NOTHING)
    recorded = await platform.gate.log.head(requested.key)
    assert recorded is not None
    put = objects.Objects.put

    async def dies(bucket: objects.Objects, *given: Any, **named: Any) -> Any:
        await put(bucket, *given, **named)
        raise asyncio.CancelledError  # Nothing of it goes on, as after a kill.

    with monkeypatch.context() as patch:
        patch.setattr(objects.Objects, "put", dies)
        with pytest.raises(asyncio.CancelledError):
            await handlers.make_report(recorded, _store(platform, recorded))
    last = await platform.gate.log.head(requested.key)
    assert last is not None
    assert isinstance(last.event, ReportStarted)
    await platform.workers.start()
    view = await _over(platform.http, f"{URL}/{requested.report_id}")
    assert view.status == "READY"
    body = (await _download(platform.http, view)).content
    assert hashlib.sha256(body).hexdigest() == view.sha256
    await eventually(lambda: _told(platform, view, "REPORT_GENERATED"))
    found = await platform.list("/events", entity_type="report", entity_id=str(view.id))
    names = [each["event_type"] for each in found["items"]]
    assert sorted(names) == ["REPORT_GENERATED", "REPORT_REQUESTED", "REPORT_STARTED"]


def _store(platform: Platform, recorded: Recorded) -> Store:
    runtime, one = platform.gate.runtime, derived_id(recorded.event_id, "reports_make_report")
    context = Context(one, "service:reports", one, recorded.event_id, "/services/reports")
    return Store(platform.gate.log, context, recorded.logged_at, runtime.settings, runtime.outside)


async def test_one_is_made_again_and_again_until_it_is_not_wanted(
    platform: Platform, trouble: tuple[str, str]
) -> None:
    cluster, _ = trouble
    often = {"title": "Weekly", "report_type": "EXECUTIVE_SUMMARY", "format": "MARKDOWN"}
    answer = await platform.http.post(
        f"{URL}/schedules", json=often | {"cron": "30 7 * * MON", "cluster_scope": [cluster]}
    )
    assert answer.status_code == 201, answer.text
    schedule = ScheduleView.model_validate(answer.json())
    bus, of = platform.gate.runtime.bus, str(schedule.id)
    assert schedule.expires_at - schedule.created_at > timedelta(days=179)

    async def rule() -> str | None:
        return await schedules.scheduled(bus, "report", of)

    assert await eventually(rule) == "0 30 7 * * 1"
    await schedules.wake(bus, "report", [of], b"{}")

    async def made() -> list[ReportView]:
        page = ReportList.model_validate(await platform.list("/reports", schedule_id=of))
        return [each for each in page.items if each.status == "READY"]

    (view,) = await eventually(made, within=60)
    assert view.generated_by == schedule.scheduled_by
    assert view.time_range.end - view.time_range.start == timedelta(days=7)
    assert (await _download(platform.http, view)).text.startswith("# Weekly")
    listed = ReportScheduleList.model_validate(await platform.list("/reports/schedules"))
    assert schedule.id in {each.id for each in listed.items}
    assert (await platform.http.delete(f"{URL}/schedules/{of}")).status_code == 204
    await eventually(lambda: _not(rule))
    await schedules.wake(bus, "report", [of], b"{}")
    await asyncio.sleep(0.5)
    assert len(await made()) == 1
    refused(await platform.http.delete(f"{URL}/schedules/{of}"), "REPORT_NOT_FOUND")


async def _not(look: Any) -> bool:
    return not await look()


@pytest.mark.parametrize(
    "cron", ["* * * * *", "0 7 * *", "61 7 * * *", "0 7 31 2 *", "0 7 * * XYZ"]
)
async def test_a_cron_that_is_none_is_refused(platform: Platform, cron: str) -> None:
    often = {"title": "t", "report_type": "CAPACITY_PLAN", "format": "PDF", "cron": cron}
    answer = await platform.http.post(f"{URL}/schedules", json=often)
    error = refused(answer, "VALIDATION_FAILED")
    assert error["details"]["fields"][0]["field"] == "cron"


async def test_it_goes_when_its_time_is_over(platform: Platform, trouble: tuple[str, str]) -> None:
    cluster, _ = trouble
    view = await _made(platform, report_type="EXECUTIVE_SUMMARY", cluster_scope=[cluster])
    bus = platform.gate.runtime.bus
    assert view.expires_at - view.created_at == timedelta(days=90)
    rule = await schedules.scheduled(bus, "report_end", str(view.id))
    assert rule == f"@at {rfc3339(view.expires_at.replace(microsecond=0))}"
    await schedules.wake(bus, "report_end", [str(view.id)], b"{}")

    async def gone() -> bool:
        return (await platform.http.get(f"{URL}/{view.id}")).status_code == 404

    await eventually(gone)
    bucket = objects.reports(bus)
    await eventually(lambda: _is_gone(bucket, view.id))
    assert await eventually(lambda: _told(platform, view, "REPORT_DELETED")) == ["EXPIRED"]


async def _told(platform: Platform, view: ReportView, kind: str) -> list[Any]:
    """Reasons in events of this kind, once the activity projection has any."""
    query = {"entity_type": "report", "entity_id": str(view.id), "event_type": kind}
    found = await platform.list("/events", **query)
    return [each["payload"].get("reason") for each in found["items"]]

"""Explaining in words over REST without a model, and what cannot be explained."""

import json
from typing import Any

import httpx
import pytest

from contracts.explaining import MOST_DATA
from gateway.rest.explain import ExplanationView
from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.gateway.explaining import URL, Story, opened_in, told_on
from tests.kit.gateway import Json, Platform, alert, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


@pytest.fixture(scope="module")
async def story(platform: Platform) -> Story:
    return await told_on(platform)


async def post(platform: Platform, **body: Any) -> httpx.Response:
    return await platform.http.post(URL, json=body)


async def explained(platform: Platform, **body: Any) -> ExplanationView:
    answer = await post(platform, **body)
    assert answer.status_code == 200, answer.text
    return ExplanationView.model_validate(answer.json())


async def test_without_a_model_an_incident_is_explained_with_its_evidence(story: Story) -> None:
    told = await explained(story.platform, incident_id=story.incident)
    assert (told.model, told.provider, told.shown_sha256) == (None, None, None)
    assert "No model was used: none is configured." in told.text
    assert f"node {story.node}" in told.text
    assert "**How bad:** critical" in told.text
    links = [each.link for each in told.evidence]
    assert f"/api/v1/incidents/{story.incident}" in links
    assert f"/api/v1/analysis/rca/{story.rca}" in links
    events = [each for each in told.evidence if each.sequence is not None]
    assert events
    for each in told.evidence:
        assert (await story.platform.http.get(each.link)).status_code == 200, each
    found = await story.platform.list(f"/analysis/rca/{story.rca}")
    assert told.is_hypothesis is not found["is_known"]


@pytest.mark.parametrize(
    ("name", "about", "said"),
    [
        ("rca", "ANALYSIS", "a root cause analysis of incident"),
        ("anomaly", "ANOMALY", "**How bad:** low"),
        ("alert", "ALERT", "the alert `DiskSlow`"),
    ],
)
async def test_so_is_everything_else(story: Story, name: str, about: str, said: str) -> None:
    told = await explained(story.platform, **{f"{name}_id": getattr(story, name)})
    assert told.about == about
    assert said in told.text
    for each in told.evidence:
        assert (await story.platform.http.get(each.link)).status_code == 200, each


async def test_so_are_data(platform: Platform) -> None:
    told = await explained(platform, data={"cpu": 0.9, "big": 10**30, "none": None, "list": [1]})
    assert (told.about, told.evidence, told.is_hypothesis) == ("DATA", (), False)
    assert "- `cpu`: `0.9`" in told.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "incident_id"),
        ({"question": "Why?"}, "incident_id"),
        ({"incident_id": str(new_id()), "data": {}}, "data"),
        ({"rca_id": str(new_id()), "alert_id": str(new_id())}, "alert_id"),
        ({"incident_id": "7"}, "incident_id"),
        ({"data": [1]}, "body"),
        ({"data": "text"}, "body"),
        ({"data": {}, "question": "x" * 2_001}, "question"),
        ({"data": {}, "model": "gpt"}, "model"),
    ],
)
async def test_a_body_that_makes_no_sense_is_refused(
    platform: Platform, body: Json, field: str
) -> None:
    error = refused(await post(platform, **body), "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == [field]


@pytest.mark.parametrize("name", ["incident", "rca", "anomaly", "alert"])
async def test_what_there_is_not_and_what_is_not_theirs_is_not_found(
    story: Story, name: str
) -> None:
    code = f"{name.upper()}_NOT_FOUND"
    refused(await post(story.platform, **{f"{name}_id": str(new_id())}), code)
    other = (await story.platform.register())["id"]
    token = await story.platform.token(Role.VIEWER, other)
    async with story.platform.client(token) as viewer:
        body = {f"{name}_id": getattr(story, name)}
        refused(await viewer.post(URL, json=body), code)
        assert (await viewer.post(URL, json={"data": {}})).status_code == 200
    own = await story.platform.token(Role.VIEWER, story.cluster)
    async with story.platform.client(own) as viewer:
        assert (await viewer.post(URL, json=body)).status_code == 200


async def test_of_an_incident_of_several_clusters_each_is_told_of_theirs(story: Story) -> None:
    platform = story.platform
    own, other = [(await platform.register())["id"] for _ in range(2)]
    incident, foreign = await opened_in(platform, own, other)
    whole = await explained(platform, incident_id=incident)
    token = await platform.token(Role.VIEWER, own)
    async with platform.client(token) as viewer:
        answer = await viewer.post(URL, json={"incident_id": incident})
        assert answer.status_code == 200, answer.text
        told = ExplanationView.model_validate(answer.json())
        for each in told.evidence:
            if each.sequence is None:
                assert (await viewer.get(each.link)).status_code == 200, each
    assert {each.sequence for each in whole.evidence} >= {None, 1, 2}
    assert {each.sequence for each in told.evidence} == {None, 1}
    assert foreign in whole.text
    assert foreign not in answer.text
    assert "clusters that you do not see" in told.text
    assert not told.is_hypothesis


async def test_what_is_left_out_is_told(story: Story) -> None:
    many, _ = await opened_in(story.platform, *[story.cluster] * 21)
    few, _ = await opened_in(story.platform, *[story.cluster] * 2)
    assert (await explained(story.platform, incident_id=many)).cut
    assert not (await explained(story.platform, incident_id=few)).cut
    labels = {"alertname": "LongStory", "severity": "info"}
    told = alert(2, labels=labels, annotations={"summary": "x" * 600})
    await story.platform.report(story.cluster, told)
    found = (await story.platform.list("/alerts", cluster_id=story.cluster, q="LongStory"))["items"]
    assert (await explained(story.platform, alert_id=found[0]["id"])).cut
    assert not (await explained(story.platform, alert_id=story.alert)).cut


async def test_data_that_are_too_deep_to_be_looked_through_are_refused(platform: Platform) -> None:
    deep = b'{"data": ' + b'{"a":' * 900 + b"1" + b"}" * 901
    answer = await platform.http.post(
        URL, content=deep, headers={"content-type": "application/json"}
    )
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["error"]["code"] in {"VALIDATION_FAILED", "INVALID_JSON"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "INVALID_JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "INVALID_JSON"),
        (b'{"data": {"a": "\xff\xfe"}}', "INVALID_JSON"),
        (b'{"data": ' + b'{"a":' * 50_000, "INVALID_JSON"),
        (b'{"data": {"a": 1e999}}', "INVALID_JSON"),
        (json.dumps({"data": {"a": "x" * 1_000_000}}).encode(), "LIMIT_REACHED"),
        (json.dumps({"data": {"a": "x" * MOST_DATA}}).encode(), "LIMIT_REACHED"),
        (b'{"data": {"a": "' + b"x" * 11_000_000 + b'"}}', "BODY_TOO_LARGE"),
    ],
)
async def test_no_body_breaks_it(platform: Platform, content: bytes, code: str) -> None:
    headers = {"content-type": "application/json"}
    refused(await platform.http.post(URL, content=content, headers=headers), code)


async def test_what_just_fits_and_what_looks_binary_is_explained(platform: Platform) -> None:
    fits = {"a": "x" * (MOST_DATA - len('{"a":""}'))}
    odd: list[Json] = [fits, {"a\u0000b": "\u0000\u0001\ufffd\x7f"}, {"": [[[[]]]]}]
    for data in odd:
        assert (await explained(platform, data=data)).text

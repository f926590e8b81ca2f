"""The API describes itself, and keeps to what it says."""

import re
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from contracts.activity import EventRecord
from contracts.catalog import EVENTS, MEASURED
from contracts.envelope import public_name
from contracts.outcomes import Outcome
from deploy.export import documents
from gateway.rest.documented import (
    AlertsAccepted,
    ClusterList,
    ErrorEnvelope,
    EventCauses,
    EventList,
    Whoami,
)
from gateway.rest.documented_alerts import AlertList
from projections.alerts.view import AlertView
from projections.fleet.view import ClusterView
from services.runtime.ids import new_id
from tests.kit.gateway import API, Json, Platform, alert, registration, webhook

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_ODD: tuple[str, ...] = (
    "",
    "0",
    "-1",
    "1e3",
    "9" * 30,
    "null",
    "true",
    "a=b",
    "=",
    "%",
    "\\",
    "'\";--",
    "..",
    "🚨",
    "\u202e",
    "\ud7ff\uffff",
    "x" * 3000,
    "2026-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "HUB",
    "firing",
    "desc",
    str(new_id()),
)
_LITTLE = 6


@pytest.fixture(scope="module")
async def told(platform: Platform) -> Json:
    async with platform.client() as anybody:
        return (await anybody.get("/openapi.json")).json()


def _operations(told: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _of(told: Json, name: str) -> Json:
    return next(each for _, _, each in _operations(told) if each["operationId"] == name)


def _reference(content: Json) -> str:
    return content["application/json"]["schema"]["$ref"].rpartition("/")[2]


async def test_every_operation_has_a_name_and_a_summary_of_its_own(told: Json) -> None:
    assert told["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in _operations(told)]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] and operation["tags"] for _, _, operation in _operations(told))


async def test_every_shape_that_is_named_is_told(told: Json) -> None:
    named = set(re.findall(r"#/components/schemas/([\w-]+)", documents()["openapi.json"]))
    happening = (*EVENTS, *(measured.message for measured in MEASURED.values()))
    live = {event.__name__ for event in happening} | {"EventName"}
    shapes = told["components"]["schemas"]
    assert named | live == set(shapes)
    assert set(shapes["EventName"]["enum"]) == {public_name(event) for event in happening}
    for shape in shapes.values():
        Draft202012Validator.check_schema(shape)


async def test_every_header_has_a_schema(told: Json) -> None:
    answers = [
        each for _, _, operation in _operations(told) for each in operation["responses"].values()
    ]
    headers = [header for answer in answers for header in answer.get("headers", {}).values()]
    assert headers
    assert all("schema" in header for header in headers)


@pytest.mark.parametrize(
    ("operation", "status", "shape"),
    [
        ("listClusters", "200", "ClusterList"),
        ("registerCluster", "201", "ClusterView"),
        ("registerCluster", "202", "Outcome"),
        ("getCluster", "200", "ClusterView"),
        ("listAlerts", "200", "AlertList"),
        ("getAlert", "200", "AlertView"),
        ("listEvents", "200", "EventList"),
        ("getEvent", "200", "EventRecord"),
        ("getEventCauses", "200", "EventCauses"),
        ("getCommand", "200", "Outcome"),
        ("postAlerts", "202", "AlertsAccepted"),
        ("whoAmI", "200", "Whoami"),
    ],
)
async def test_answers_have_a_shape(told: Json, operation: str, status: str, shape: str) -> None:
    assert _reference(_of(told, operation)["responses"][status]["content"]) == shape


async def test_every_error_has_the_one_shape(told: Json) -> None:
    for _, _, operation in _operations(told):
        failures = {name: told for name, told in operation["responses"].items() if name >= "400"}
        shapes = {_reference(failure["content"]) for failure in failures.values()}
        assert shapes <= {"ErrorEnvelope"}, operation["operationId"]


async def test_bodies_have_a_shape_too(told: Json) -> None:
    for name, shape in (
        ("registerCluster", "Registration"),
        ("postAlerts", "Webhook"),
        ("postClusterAlerts", "Webhook"),
        ("login", "LoginCode"),
    ):
        assert _reference(_of(told, name)["requestBody"]["content"]) == shape
    body = _of(told, "postAlertmanagerAlerts")["requestBody"]["content"]["application/json"]
    assert body["schema"]["items"] == {"$ref": "#/components/schemas/AlertReport"}


async def test_what_needs_no_login_says_so(told: Json) -> None:
    public = {each["operationId"] for _, _, each in _operations(told) if each.get("security") == []}
    assert public == {"health", "ready", "login", "logout", "getLoginWays"}


async def test_real_answers_have_the_shape_that_is_told(platform: Platform, told: Json) -> None:
    cluster = await platform.register(labels={"a": "b"}, endpoints={"loki_url": "https://l"})
    taken = await platform.report(cluster["id"], alert(1), alert(2, startsAt=None))
    last = await platform.last_sequence()
    missing = (await platform.http.get(f"{API}/clusters/{new_id()}")).json()
    answers: list[tuple[type[BaseModel], Json]] = [
        (ClusterView, cluster),
        (ClusterList, await platform.list("/clusters")),
        (AlertList, await platform.list("/alerts")),
        (AlertView, await platform.list(f"/alerts/{1:016x}")),
        (EventList, await platform.list("/events")),
        (EventRecord, await platform.list(f"/events/{last}")),
        (EventCauses, await platform.list(f"/events/{last}/causes")),
        (Outcome, await platform.list(f"/commands/{taken['command_id']}")),
        (AlertsAccepted, taken),
        (Whoami, (await platform.http.get("/auth/me")).json()),
        (ErrorEnvelope, missing),
    ]
    for model, answer in answers:
        model.model_validate(answer)
        schema = {"$ref": f"#/components/schemas/{model.__name__}"} | told
        Draft202012Validator(schema).validate(answer)


async def test_bodies_as_told_are_taken(platform: Platform, told: Json) -> None:
    cluster = (await platform.register())["id"]
    for shape, path, body in (
        ("Registration", "/clusters", registration()),
        ("Webhook", f"/alerts/webhook/{cluster}", webhook(alert(1))),
    ):
        schema = {"$ref": f"#/components/schemas/{shape}"} | told
        Draft202012Validator(schema).validate(body)
        assert (await platform.http.post(f"{API}{path}", json=body)).is_success


def _fine(path: str) -> set[int]:
    """Statuses that odd values may come to; a fleet that is asked may fail to answer."""
    asking = ("/metrics", "/logs", "/traces", "/silences", "/prometheus")
    federated = path.removeprefix(API).startswith(asking)
    # Nobody is told anything live here.
    live = path.removeprefix(API) == "/events/stream" or "/streaming" in path
    more = {503} if live else set[int]()
    return {200, 400, 422} | ({206, 404, 502, 503, 504} if federated else more)


async def test_no_parameter_brings_the_gateway_down(platform: Platform, told: Json) -> None:
    """Odd values for everything that the document says may be sent, in any mixture."""
    chance = Random(5)
    reads = [each for each in _operations(told) if each[1] == "get" and "{" not in each[0]]
    for path, _, operation in reads:
        names = [each["name"] for each in operation.get("parameters", [])]
        for name in names:
            for value in _ODD:
                answer = await platform.http.get(path, params={name: value})
                assert answer.status_code in _fine(path), (path, name, value)
        for _ in range(_LITTLE if names else 0):
            query: dict[str, Any] = {name: chance.sample(_ODD, 2) for name in names}
            answer = await platform.http.get(path, params=query)
            assert answer.status_code in _fine(path), (path, query)


async def test_no_address_brings_the_gateway_down(platform: Platform, told: Json) -> None:
    for path, method, operation in _operations(told):
        inside = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
        for value in _ODD if inside else ():
            address = path
            for name in inside:
                address = address.replace(f"{{{name}}}", quote(value, safe=""))
            content = b"{}" if method in {"post", "put", "patch"} else None
            answer = await platform.http.request(method, address, content=content)
            fine = answer.status_code < 500 or answer.status_code in _fine(path)
            assert fine, (method, address)

"""The AsyncAPI document tells of questions and their answers what the bus really carries."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from nats.aio.msg import Msg

from contracts.envelope import Query
from contracts.refusals import Code, Refused
from contracts.telemetry import Told
from deploy.platform import PROJECTIONS, SERVICES, load_projections, load_services
from services.runtime.answering import Answering
from services.runtime.asking import Asker, Place
from services.runtime.asyncapi import asyncapi
from services.runtime.bus import Bus
from services.runtime.log import EventLog
from services.runtime.outside import NOTHING_OUTSIDE
from services.runtime.replies import UNDER_WAY, Asked
from services.runtime.service import Service
from services.runtime.settings import Settings
from tests.kit.runtime import UNTRACED, running, until

Json = dict[str, Any]

ANSWERED = [
    (service.name, query, handler)
    for service in load_services(SERVICES)
    for query, handler in service.queries.items()
]


class CountSheep(Query):
    """How many sheep there are; the parts together are their names."""

    upto: int = 1


async def count(query: CountSheep, asked: Asked) -> Mapping[str, Any]:
    """Count them."""
    if query.upto < 0:
        raise Refused(Code.VALIDATION_FAILED, "there are no fewer sheep than none")
    await asked.send(b"x" * 262_144 * query.upto)
    return Told(kind="sheep", count=query.upto, took_ms=1.5).model_dump(mode="json")


@pytest.fixture(scope="module")
def document() -> Json:
    """What is told of all services."""
    return asyncapi(load_services(SERVICES))


def _payload(document: Json, channel: str) -> Json:
    (reference,) = document["channels"][channel]["messages"].values()
    message = document["components"]["messages"][reference["$ref"].rpartition("/")[2]]
    return message | {"body": _shape(document, message["payload"])}


def _shape(document: Json, told: Json) -> Json:
    return document["components"]["schemas"][told["$ref"].rpartition("/")[2]]


@pytest.mark.parametrize(("service", "query", "handler"), ANSWERED)
def test_every_question_that_is_answered_is_told(
    document: Json, service: str, query: type[Query], handler: Any
) -> None:
    name = f"{service}.{query.snake_name()}"
    channel = document["channels"][name]
    assert channel["address"] == f"qry.{{site}}.{{cluster}}.{query.snake_name()}"
    assert channel["description"] == " ".join(handler.__doc__.split())
    assert set(channel["parameters"]) == {"site", "cluster"}
    operation = document["operations"][name]
    assert operation["action"] == "receive"
    assert operation["reply"]["channel"] == {"$ref": "#/channels/answers"}
    message = _payload(document, name)
    assert message["body"]["title"] == query.__name__
    assert re.search(r"\bparts?\b", message["body"]["description"]), "what its parts are"
    assert set(_shape(document, message["headers"])["properties"]) == {
        "aiops-deadline",
        "traceparent",
    }


def test_nothing_else_is_told_to_be_a_question(document: Json) -> None:
    told = {name for name, it in document["channels"].items() if it["address"].startswith("qry.")}
    assert told == {f"{service}.{query.snake_name()}" for service, query, _ in ANSWERED}


def test_what_projections_are_asked_has_no_site() -> None:
    document = asyncapi([], load_projections(PROJECTIONS))
    told = {name: it for name, it in document["channels"].items() if it["address"][:4] == "qry."}
    assert {name: it["address"] for name, it in told.items()} == {
        f"{projection.name}.{query.snake_name()}": f"qry.-.{query.snake_name()}"
        for projection in load_projections(PROJECTIONS)
        for query in projection.questions
    }
    assert told


def test_every_reference_leads_somewhere(document: Json) -> None:
    for reference in re.findall(r'"\$ref":"([^"]+)"', msgspec.json.encode(document).decode()):
        found = document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key.replace("~1", "/")]


def test_without_questions_there_are_no_answers() -> None:
    document = asyncapi([Service("sheep")])
    assert not [it for it in document["channels"].values() if it["address"].startswith("_R.")]


@pytest.mark.anyio
@pytest.mark.nats
async def test_what_is_told_of_an_answer_is_what_comes(
    document: Json, bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    answers = {it["title"]: it for it in _messages(document, "answers")}
    taking = {it["payload"]["const"] for it in _messages(document, "answers.taking")}
    assert taking == {"+", "-"}
    worker = Answering(
        "hub", "test", {CountSheep: count}, bus, log, bus_settings, UNTRACED, NOTHING_OUTSIDE
    )
    async with running(worker.run):
        await bus.client.flush()
        heard = await _heard(bus, b'{"upto": 5}', UNDER_WAY)
        assert [each.headers for each in heard] == [{"aiops-chunk": "1"}, {"aiops-chunk": "2"}]
        assert set(answers["Part"]["headers"]["required"]) == {"aiops-chunk"}
        limit = int(re.findall(r"(\d+) KiB", answers["Part"]["summary"])[0]) * 1024
        assert {len(each.data) for each in heard} == {limit}

        (refusal,) = await _heard(bus, b'{"upto": -1}', 1)
        _as_told(document, answers["Refusal"], refusal)
        (end,) = await _heard(bus, b'{"upto": 0}', 1)
        _as_told(document, answers["End"], end)
        async with Asker(bus).ask(Place("hub", "-"), CountSheep(upto=3), seconds=5) as answer:
            assert [len(part) async for part in answer] == [limit] * 3


def _messages(document: Json, channel: str) -> list[Json]:
    references = document["channels"][channel]["messages"].values()
    messages = document["components"]["messages"]
    return [messages[reference["$ref"].rpartition("/")[2]] for reference in references]


async def _heard(bus: Bus, question: bytes, parts: int) -> list[Msg]:
    """The first parts of an answer of which none is taken."""
    heard: list[Msg] = []
    inbox = bus.inbox(heard.append)
    await bus.emit("qry.hub.-.count_sheep", question, reply=inbox)
    await until(lambda: len(heard) >= parts)
    bus.forget(inbox)
    await bus.emit(heard[0].reply, b"-")
    assert re.fullmatch(r"_R\.\w+\.\d+", inbox)
    assert re.fullmatch(r"_R\.\w+\.\d+", heard[0].reply)
    return heard


def _as_told(document: Json, told: Json, message: Msg) -> None:
    """A last part has the headers and the fields that it is told to have."""
    headers = message.headers or {}
    properties: Json = told["headers"]["properties"]
    assert set(headers) == set(properties)
    assert headers["aiops-end"] == properties["aiops-end"]["const"]
    assert set(msgspec.json.decode(message.data)) == set(
        _shape(document, told["payload"])["properties"]
    )

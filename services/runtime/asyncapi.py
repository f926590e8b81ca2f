"""The AsyncAPI document of the bus, written by FastStream from the registrations, not connected."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from faststream.nats import JStream, NatsBroker, PullSub
from faststream.specification import AsyncAPI

from contracts.catalog import EVENTS
from contracts.envelope import Command, Event, Message, Query
from services.runtime import streams
from services.runtime.asking import PROJECTIONS, Place
from services.runtime.asyncapi_answers import PARAMETERS as IN_ANSWERS, add_answers
from services.runtime.projections.projection import Projection
from services.runtime.service import Service

_TITLE = "AIOps NextGen"
_VERSION = "v1"
_DESCRIPTION = (
    "Commands, events and reactions on NATS JetStream. Envelopes are CloudEvents 1.0 in the NATS"
    " binary mode: attributes are headers, the body is the payload alone. Questions on core NATS:"
    " asked of any worker of a site, or of a projection; answered in parts within a deadline, kept"
    " by nobody."
)
_PARAMETERS = IN_ANSWERS | {
    "publisher": "NATS user that publishes; it may publish under its own name only.",
    "cluster": "Id of the cluster the entity belongs to, or `-`.",
    "id": "Id of the entity.",
    "version": "Version of the aggregate after this event.",
}
_PARAMETER = re.compile(r"\{(\w+)\}")


def asyncapi(services: Iterable[Service], projections: Iterable[Projection] = ()) -> dict[str, Any]:
    """The document: what these handle and answer, and every event that there is."""
    broker = NatsBroker("nats://localhost:4222", logger=None)
    services = list(services)
    asked = [(Place("{site}", "{cluster}"), each.name, each.queries) for each in services]
    asked += [(PROJECTIONS, each.name, each.questions) for each in projections]
    questions = [
        _describe_question(broker, place, owner, query, handler)
        for place, owner, queries in asked
        for query, handler in queries.items()
    ]
    for service in services:
        for command, route in service.commands.items():
            _describe_command(broker, command, route.handler)
        for route in service.reactions:
            _describe_reaction(broker, f"{service.name}.{route.name}", route.event, route.handler)
    for event in EVENTS:
        broker.publisher(
            _subject(event), title=event.names.type, description=_text(event), schema=event
        )
    specification = AsyncAPI(
        broker,
        title=_TITLE,
        version=_VERSION,
        description=_DESCRIPTION,
        schema_version="3.0.0",
    ).to_specification()
    document: dict[str, Any] = specification.to_jsonable()
    add_answers(document, questions)
    for channel in document["channels"].values():
        _add_parameters(channel)
    return _sorted(document)


def _describe_command(
    broker: NatsBroker, command: type[Command], handler: Callable[..., Awaitable[Any]]
) -> None:
    name = f"{command.area}.{command.snake_name()}"
    subscriber = broker.subscriber(
        f"cmd.{{publisher}}.{name}", title=name, description=_text(handler)
    )
    subscriber(_taking(command))


def _describe_question(
    broker: NatsBroker,
    place: Place,
    owner: str,
    query: type[Query],
    handler: Callable[..., Awaitable[Any]],
) -> str:
    """Describe a question; the name of its channel."""
    name = f"{owner}.{query.snake_name()}"
    subject = place.subject(query.snake_name())
    subscriber = broker.subscriber(subject, title=name, description=_text(handler))
    subscriber(_taking(query))
    return name


def _describe_reaction(
    broker: NatsBroker, name: str, event: type[Event], handler: Callable[..., Awaitable[Any]]
) -> None:
    subscriber = broker.subscriber(
        _subject(event),
        stream=JStream(streams.EVENTS, declare=False),
        durable=name.replace(".", "_"),
        pull_sub=PullSub(),
        title=f"{name}.{event.names.token}",
        description=_text(handler),
    )
    subscriber(_taking(event))


def _subject(event: type[Event]) -> str:
    subject = f"evt.{{cluster}}.{event.entity}.{{id}}.{event.names.token}"
    return f"{subject}.{{version}}" if event.aggregate else subject


def _taking(payload: type[Message]) -> Callable[..., Awaitable[None]]:
    """A function whose signature says what a message carries; it is never called."""

    async def take(message: Message) -> None: ...

    take.__annotations__ = {"message": payload, "return": None}
    return take


def _text(documented: object) -> str:
    return " ".join((documented.__doc__ or "").split())


def _add_parameters(channel: dict[str, Any]) -> None:
    names = _PARAMETER.findall(channel["address"])
    if names:
        channel["parameters"] = {name: {"description": _PARAMETERS[name]} for name in names}


def _sorted(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same document at every run: FastStream keeps publishers in a set."""
    components = document["components"]
    return {
        **document,
        "channels": dict(sorted(document["channels"].items())),
        "operations": dict(sorted(document["operations"].items())),
        "components": {name: dict(sorted(part.items())) for name, part in components.items()},
    }

"""The page itself: events by area and entity, commands, telemetry, and the types that they use."""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts.catalog import COMMANDS, EVENTS, MEASURED
from contracts.envelope import Command, Event, Message, public_name
from deploy.catalogue.reading import folded_by, made_in, owner, texts, types_in
from deploy.catalogue.writing import LINK, anchor, filled, first, plain, said, table
from services.runtime import rights
from services.runtime.following import filter_of
from services.runtime.projections.projection import Projection
from services.runtime.service import Service

_INTRODUCTION = (Path(__file__).parent / "introduction.md").read_text()

_TARGET = re.compile(r"\(#[\w-]+\)")


class Catalogue:
    """What is known of every message, and the page of it."""

    def __init__(self, services: Iterable[Service], projections: Iterable[Projection]) -> None:
        self.services = list(services)
        self.measured = {kind: each.message for kind, each in MEASURED.items()}
        for projection in projections:
            self.measured |= {kind: each.model for kind, each in projection.measures.items()}
        self.made, self.folded = made_in(EVENTS), folded_by(EVENTS)
        self.messages: list[type[Message]] = [*EVENTS, *COMMANDS, *self.measured.values()]
        _, whole = models_json_schema(
            [(each, "validation") for each in self.messages], ref_template=LINK
        )
        self.schemas: dict[str, Any] = whole["$defs"]
        self.headings = {
            f"(#{anchor(each.__name__)})": f"(#{anchor(public_name(each))})"
            for each in (*EVENTS, *self.measured.values())
        }

    def page(self) -> str:
        """All of it."""
        return "\n".join([_INTRODUCTION, *self._parts()]).rstrip() + "\n"

    def _parts(self) -> Iterator[str]:
        areas = [(area, list(events)) for area, events in groupby(_sorted(EVENTS), _area)]
        links = ", ".join(_link(f"Events: {area}", area) for area, _ in areas)
        others = f"{_link('Commands')} · {_link('Telemetry')} · {_link('Types')}"
        yield from (filled(f"Events: {links} · {others}"), "")
        for area, events in areas:
            yield from self._events(area, events)
        yield from self._commands()
        yield from self._telemetry()
        yield from self._types()

    def _events(self, area: str, events: Sequence[type[Event]]) -> Iterator[str]:
        yield from (f"## Events: {area}", "", plain(import_module(f"contracts.{area}").__doc__), "")
        rows = ((_link(each.names.public), first(each.__doc__)) for each in events)
        yield from table(("event", "what has happened"), rows)
        for entity, group in groupby(events, lambda each: each.entity):
            yield from self._entity(entity, list(group))

    def _entity(self, entity: str, events: Sequence[type[Event]]) -> Iterator[str]:
        key = first(events[0].key.__doc__)
        yield from (f"### Entity {entity}", "", f"{key} {_kept(events)}", "")
        common = _common(events)
        if common:
            yield from ("Every event of it has:", "")
            yield from self._fields(events[0], common)
        for event in events:
            own = [each for each in event.model_fields if each not in common]
            yield from self._event(event, own)

    def _event(self, event: type[Event], own: Sequence[str]) -> Iterator[str]:
        names = event.names
        yield from (f"#### {names.public}", "", plain(event.__doc__), "")
        version = f"version {event.version}"
        yield from (f"- stored as `{names.type}` ({version}) at `{_subject(event)}`",)
        yield from self._travels(event)
        yield ""
        if own:
            yield from self._fields(event, own)

    def _travels(self, event: type[Event]) -> Iterator[str]:
        made = self.made[event.__name__]
        if made:
            yield f"- made in {', '.join(f'[{each}](../{each})' for each in made)}"
        folded = self.folded[event.__name__]
        if folded:
            links = (f"[{each}](../projections/{each})" for each in folded)
            several = "s" if len(folded) > 1 else ""
            yield f"- folded by the projection{several} {', '.join(links)}"
        read = sorted(set(self._readers(event)))
        if read:
            yield f"- read by {', '.join(f'`{each}`' for each in read)}"

    def _readers(self, event: type[Event]) -> Iterator[str]:
        for service in self.services:
            for route in service.reactions:
                if route.event is event:
                    yield f"{service.name}.{route.name}"
            for follower in service.followers:
                if filter_of(event) in follower.subjects:
                    yield follower.name.replace("_", ".", 1)

    def _commands(self) -> Iterator[str]:
        yield from ("## Commands", "", "Who may give which is said by")
        yield "[services/runtime/rights.py](../services/runtime/rights.py)."
        yield "`<publisher>` is the NATS user that publishes."
        yield ""
        for area, group in groupby(_sorted(COMMANDS), _area):
            commands = list(group)
            yield from (f"### Commands: {area}", "")
            rows = ((_link(each.__name__), first(each.__doc__)) for each in commands)
            yield from table(("command", "what is asked for"), rows)
            for command in commands:
                yield from self._command(command)

    def _command(self, command: type[Command]) -> Iterator[str]:
        yield from (f"#### {command.__name__}", "", plain(command.__doc__), "")
        subject = f"cmd.<publisher>.{command.area}.{command.snake_name()}"
        by = [each.name for each in self.services if command in each.commands]
        yield f"- at `{subject}`, decided by {', '.join(f'`{each}`' for each in by) or 'nobody'}"
        yield f"- given by {_given_by(command)}"
        yield ""
        yield from self._fields(command, list(command.model_fields))

    def _telemetry(self) -> Iterator[str]:
        yield from ("## Telemetry", "", "Measured, kept for a while, and no event.", "")
        for kind, message in sorted(self.measured.items()):
            yield from (f"### {public_name(message)}", "", plain(message.__doc__), "")
            shown = "live clients see it" if kind in MEASURED else "live clients do not see it"
            yield from (f"- at `tel.{kind}.<cluster>.<of>`; {shown}", "")
            yield from self._fields(message, list(message.model_fields))

    def _types(self) -> Iterator[str]:
        yield from ("## Types", "", "What the messages above are made of, by name.", "")
        told = {each.__name__ for each in self.messages}
        found = {each for message in self.messages for each in _reached(message)}
        for each in sorted(found, key=lambda each: each.__name__):
            if each.__name__ not in told:
                yield from (f"### {each.__name__}", "", plain(each.__doc__), "")
                yield from self._type(each)

    def _type(self, described: type[BaseModel] | type[Enum]) -> Iterator[str]:
        if issubclass(described, BaseModel):
            yield from self._fields(described, list(described.model_fields))
            return
        said_of = texts(described)
        if not said_of:
            yield from (", ".join(f"`{each.value}`" for each in described) + ".", "")
            return
        rows = ((f"`{each.value}`", plain(said_of.get(each.name))) for each in described)
        yield from table(("value", "meaning"), rows)

    def _fields(self, model: type[BaseModel], names: Sequence[str]) -> Iterator[str]:
        schema, said_of = self.schemas[model.__name__], texts(model)
        required = schema.get("required", ())
        rows = (
            (
                f"`{alias}`" if alias in required else f"`{alias}`?",
                self._linked(said(schema["properties"][alias])),
                plain(said_of.get(name)),
            )
            for name in names
            for alias in (model.model_fields[name].alias or name,)
        )
        if names:
            yield from table(("field", "type", "meaning"), rows)

    def _linked(self, text: str) -> str:
        """With links to messages that stand under their public name."""
        return _TARGET.sub(lambda found: self.headings.get(found[0], found[0]), text)


def _sorted(messages: Iterable[type[Any]]) -> list[type[Any]]:
    """By area, in the order of the catalogue; events of one entity together."""
    listed = list(messages)
    areas = list(dict.fromkeys(_area(each) for each in listed))
    kinds = list(dict.fromkeys(getattr(each, "entity", "") for each in listed))
    return sorted(
        listed,
        key=lambda each: (areas.index(_area(each)), kinds.index(getattr(each, "entity", ""))),
    )


def _area(message: type[Message]) -> str:
    return message.__module__.split(".")[1]


def _link(heading: str, text: str | None = None) -> str:
    return f"[{text or heading}](#{anchor(heading)})"


def _subject(event: type[Event]) -> str:
    tokens = filter_of(event).split(".")
    named = {1: "<cluster>", 3: "<id>", 5: "<version>"}
    return ".".join(named.get(place, token) for place, token in enumerate(tokens))


def _kept(events: Sequence[type[Event]]) -> str:
    aging = [each.names.public for each in events if each.expires]
    kind = "An *aggregate*" if events[0].aggregate else "A *fact*"
    if aging and len(aging) < len(events):
        return f"{kind}; of its events {', '.join(f'`{each}`' for each in aging)} *ages out*."
    spans = ", maybe about several clusters" if events[0].spans else ""
    return f"{kind}{spans} that *ages out*." if aging else f"{kind}{spans}."


def _common(events: Sequence[type[Event]]) -> list[str]:
    """The fields that all of these events have from the same class."""
    if len(events) < 2:
        return []
    one, *others = events
    return [
        name
        for name in one.model_fields
        if all(
            name in each.model_fields and owner(each, name) is owner(one, name) for each in others
        )
    ]


def _given_by(command: type[Command]) -> str:
    roles = sorted(f"`{each}`" for each in rights.given_by(command))
    if not roles:
        return "the hub's own doors alone"
    limits = [] if rights.may_be_given_by_name(command) else ["by a path of its own"]
    if rights.is_of_its_own_clusters(command):
        limits.append("for clusters of their own: who decides knows which")
    return ", ".join([*roles, *limits])


def _reached(message: type[BaseModel]) -> set[type[BaseModel] | type[Enum]]:
    """The types that a message uses, and those that they use."""
    found: set[type[BaseModel] | type[Enum]] = set()
    waiting: list[type[BaseModel]] = [message]
    while waiting:
        for field in waiting.pop().model_fields.values():
            for each in types_in(field.annotation):
                if each not in found:
                    found.add(each)
                    if issubclass(each, BaseModel):
                        waiting.append(each)
    return found

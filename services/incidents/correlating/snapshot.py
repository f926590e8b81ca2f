"""The state of correlation as bytes, and back: equal afterwards.

Kept is what the log tells; what is counted from it is counted again. The version goes up with every
change of what is kept or counted: a snapshot of another one is refused, and the log is read anew.
"""

import gzip
import json
from typing import Any, cast
from uuid import UUID

from contracts.incidents import CorrelationRule, Incident, Signal
from services.incidents.correlating.cases import Case
from services.incidents.correlating.folding import State
from services.incidents.correlating.groups import Item, item

VERSION = 3


def dump(state: State) -> bytes:
    """All that is known; the same bytes for the same state."""
    known = {
        "version": VERSION,
        "sequence": state.sequence,
        "swept": state.swept,
        "left_out": state.left_out,
        "cases": [_case(case) for case in state.cases.values()],
        "waiting": [_item(one) for one in state.waiting.values()],
        "rules": [rule.model_dump(mode="json") for rule in state.told_rules.values()],
        "places": [[str(key[0]), key[1], *told] for key, told in state.places.items()],
        "muted": list(state.muted.items()),
        "occurrences": [[str(told), str(one)] for told, one in state.occurrences.items()],
        "moving": [
            [str(into), [_item(one) for one in items.values()]]
            for into, items in state.moving.items()
        ],
    }
    return gzip.compress(json.dumps(known, separators=(",", ":")).encode(), 1, mtime=0)


def load(data: bytes) -> State:
    """The inverse of `dump`; ValueError for what another version has dumped."""
    known: dict[str, Any] = json.loads(gzip.decompress(data))
    if known.get("version") != VERSION:
        raise ValueError(f"a snapshot of version {known.get('version')}, not {VERSION}")
    state = State(sequence=known["sequence"], swept=known["swept"], left_out=known["left_out"])
    for told in known["rules"]:
        state.define(CorrelationRule.model_validate(told))
    state.places = {(UUID(c), pod): (node, at) for c, pod, node, at in known["places"]}
    state.muted = dict(cast(list[tuple[str, float]], known["muted"]))
    state.occurrences = {UUID(told): UUID(one) for told, one in known["occurrences"]}
    state.waiting = {one.id: one for one in map(_item_of, known["waiting"])}
    for told in known["cases"]:
        _add(state, told)
    for into, items in known["moving"]:
        state.moving[UUID(into)] = {one.id: one for one in map(_item_of, items)}
    return state


def _item(one: Item) -> list[Any]:
    signal = one.signal.model_dump(mode="json")
    return [
        signal, one.may_open, one.arrived, one.lasting, one.changed, one.flaps, one.told, one.muting
    ]  # fmt: skip


def _item_of(told: list[Any]) -> Item:
    signal, may_open, arrived, *rest = told
    one = item(Signal.model_validate(signal), arrived, may_open=may_open)
    one.lasting, one.changed, one.flaps, one.told, one.muting = rest
    return one


def _case(case: Case) -> dict[str, Any]:
    return {
        "head": case.head.model_dump(mode="json"),
        "version": case.version,
        "told_at": case.told_at,
        "quiet_since": case.quiet_since,
        "parted": sorted(map(str, case.parted)),
        "beats": case.beats,
        "items": [_item(one) for one in case.items.values()],
        "untold": list(map(str, case.untold)),
    }


def _add(state: State, told: dict[str, Any]) -> None:
    head = Incident.model_validate(told["head"])
    case = Case(id=head.id, head=head, version=told["version"], told_at=told["told_at"])
    case.parted = set(map(UUID, told["parted"]))
    state.cases[case.id] = state.register.groups[case.id] = case
    for one in map(_item_of, told["items"]):
        state.put(case, one)
    case.untold = dict.fromkeys(map(UUID, told["untold"]))
    case.quiet_since = told["quiet_since"]
    case.beats = told["beats"]

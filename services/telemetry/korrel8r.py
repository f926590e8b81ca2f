"""Asks a Korrel8r what belongs to an alert.

Source: doc/korrel8r-openapi.yaml of the repository korrel8r/korrel8r (v1alpha1). ``POST
/api/v1alpha1/graphs/neighbors`` takes ``Neighbors`` {depth, start: ``Start`` {class, queries,
constraint: {start, end, limit}}} and the option ``rules``, and gives a ``Graph`` {nodes: [{class,
count, queries: [{query, count}]}], edges: [{start, goal, rules: [{name, queries}]}]}. Older ones
know only the spelling ``neighbours`` (pkg/rest/operations.go). A query is
``domain:class:selector``, the selector of alerts a JSON object of labels
(pkg/domains/alert/doc.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from contracts.clusters import Checked
from contracts.telemetry import FindRelated
from services.runtime.backends.backend import Backend
from services.runtime.backends.bodies import Found, read, require_few, require_text, too_many

_CLASS = "alert:alert"
_GRAPHS = "api/v1alpha1/graphs"
_OLD = Found(b"", 0)
"""There is no such path."""
_PATHS = (f"{_GRAPHS}/neighbors?rules=true", f"{_GRAPHS}/neighbours?rules=true")


class _Node(msgspec.Struct, frozen=True):
    class_: str = msgspec.field(name="class")


class _Graph(msgspec.Struct, frozen=True):
    nodes: list[_Node] | None = None


@dataclass(frozen=True, slots=True)
class Korrel8r:
    """The Korrel8r of one cluster, for the time of one question."""

    backend: Backend
    most: int
    """Nodes of one answer."""

    async def related(self, asked: FindRelated) -> Found:
        """The graph around an alert; Refused for whatever is wrong with the question or with it."""
        body = msgspec.json.encode(_neighbors(asked))
        path, older = _PATHS
        found = await self.backend.post_json(path, body, read=self._graph, absent=lambda _: _OLD)
        return (
            await self.backend.post_json(older, body, read=self._graph) if found is _OLD else found
        )

    def _graph(self, body: bytes) -> Found:
        require_text(Checked.KORREL8R, body)
        require_few(Checked.KORREL8R, body, b'"class"', self.most)
        count = len(read(Checked.KORREL8R, body, _Graph).nodes or ())
        if count > self.most:
            raise too_many(Checked.KORREL8R, count, self.most)
        return Found(body, count)


def _neighbors(asked: FindRelated) -> Mapping[str, Any]:
    selector = msgspec.json.encode(asked.labels, order="deterministic").decode()
    times = {"start": asked.start, "end": asked.end}
    told = {name: at.isoformat() for name, at in times.items() if at is not None}
    start = {
        "class": _CLASS,
        "queries": [f"{_CLASS}:{selector}"],
        "constraint": {**told, "limit": asked.limit},
    }
    return {"depth": asked.depth, "start": start}

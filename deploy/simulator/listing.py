"""Lists of a simulated API server: pages with continue tokens, selectors, watches, metadata alone.

The real one does the same: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

import base64
import binascii
import itertools
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from deploy.simulator import statuses
from deploy.simulator.cluster import Cluster
from deploy.simulator.exchange import Answer, Pause, Request, json_answer
from deploy.simulator.objects import POD_PHASE, Json, partial, revision
from deploy.simulator.resources import Resource

_WATCH_SECONDS = 300
"""How long a watch without ``timeoutSeconds`` lasts, and the longest of all."""
_BOOKMARK_SECONDS = 10.0
_PARTIAL = {"as": "PartialObjectMetadataList", "v": "v1", "g": "meta.k8s.io"}
_JSON = frozenset({"application/json", "application/*", "*/*"})
_BAD_CONTINUE = "continue key is not valid: illegal base64 data or unknown version"


class BadRequest(Exception):
    """A query that the API server does not understand."""


class _Continue(msgspec.Struct, frozen=True):
    """Where the next page begins, and which state of the cluster the list is of."""

    rv: str
    start: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a kind are meant."""

    labels: tuple[tuple[str, str, bool], ...] = ()
    """Label, value, and whether they have to be equal (or not)."""
    name: str | None = None
    node: str | None = None
    """Where a pod has to run."""
    nothing: bool = False
    """True if no object can be meant, whatever it is called."""

    def holds(self, made: Json) -> bool:
        """True if the object is meant."""
        meta = made["metadata"]
        if self.name not in {None, meta["name"]}:
            return False
        if self.node is not None and made["spec"]["nodeName"] != self.node:
            return False
        has = meta["labels"]
        return all((has.get(label) == value) is same for label, value, same in self.labels)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list or watch is of."""

    cluster: Cluster
    resource: Resource
    namespace: str | None
    selection: Selection
    now: datetime

    def objects(self, start: int = 0) -> Iterator[Json]:
        """The objects from a place on, made one by one."""
        if self.selection.nothing:
            return iter(())
        cluster, make, now = self.cluster, self.resource.made, self.now
        described = iter(self.resource.described(cluster, self.namespace))
        if self.selection == Selection():
            # What was on earlier pages is not made again: it may be ten thousand pods.
            return (make(cluster, each, now) for each in itertools.islice(described, start, None))
        made = (make(cluster, each, now) for each in described)
        return itertools.islice(filter(self.selection.holds, made), start, None)

    def typed(self, made: Json) -> Json:
        """With the kind, as objects are outside of lists."""
        return {"kind": self.resource.kind, "apiVersion": self.resource.api_version} | made


def get(cluster: Cluster, resource: Resource, namespace: str, name: str, now: datetime) -> Answer:
    """One object."""
    wanted = Wanted(cluster, resource, namespace or None, Selection(name=name), now)
    for made in wanted.objects():
        return json_answer(wanted.typed(made))
    return statuses.not_found(resource.group, resource.plural, name)


def answer(
    cluster: Cluster, resource: Resource, namespace: str | None, request: Request, *, aged: bool
) -> Answer:
    """A list or a watch; ``aged``: whatever continues from earlier is too old (410)."""
    try:
        selection = _selection(resource, request.query)
        wanted = Wanted(cluster, resource, namespace, selection, request.now)
        if request.query.get("watch") in {"true", "1"}:
            return _watch(wanted, request.query, aged=aged)
        return _page(wanted, request, aged=aged)
    except BadRequest as bad:
        return statuses.failure(400, str(bad))


def _page(wanted: Wanted, request: Request, *, aged: bool) -> Answer:
    query = request.query
    limit, start = _number(query, "limit"), 0
    if token := query.get("continue"):
        start = _start(token)
        if aged:
            return statuses.expired_continue(token)
    objects = wanted.objects(start)
    items = list(itertools.islice(objects, limit or None))
    meta = {"resourceVersion": revision(wanted.cluster)}
    if limit and next(objects, None) is not None:
        meta["continue"] = _token(wanted.cluster, start + len(items))
    if _metadata_alone(request.accept):
        head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        items = [partial(made) for made in items]
    else:
        resource = wanted.resource
        head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
    return json_answer({**head, "metadata": meta, "items": items})


def _metadata_alone(accept: str) -> bool:
    """True if that is the first of the accepted forms that is known here."""
    for form in accept.split(","):
        media, *parameters = (part.strip() for part in form.split(";"))
        told = dict(each.split("=", 1) for each in parameters if "=" in each)
        told.pop("q", None)
        if media == "application/json" and told == _PARTIAL:
            return True
        if media in _JSON and "as" not in told:
            return False
    return False


def _watch(wanted: Wanted, query: Mapping[str, str], *, aged: bool) -> Answer:
    seconds = min(_number(query, "timeoutSeconds") or _WATCH_SECONDS, _WATCH_SECONDS)
    since = query.get("resourceVersion", "")
    current = revision(wanted.cluster)
    if since not in {"", "0"} and (aged or since != current):
        return Answer(stream=lambda _: _events([statuses.expired_watch(since, current)]))
    bookmarks = query.get("allowWatchBookmarks") in {"true", "1"}
    added = wanted.objects() if since in {"", "0"} else iter(())
    return Answer(stream=lambda pause: _changes(wanted, added, pause, seconds, bookmarks=bookmarks))


async def _events(events: Iterable[Json]) -> AsyncIterator[bytes]:
    for event in events:
        yield msgspec.json.encode(event) + b"\n"


async def _changes(
    wanted: Wanted, added: Iterator[Json], pause: Pause, seconds: float, *, bookmarks: bool
) -> AsyncIterator[bytes]:
    """What is there, and then bookmarks only: changes are not told."""
    async for line in _events({"type": "ADDED", "object": wanted.typed(made)} for made in added):
        yield line
    meta: Json = {"resourceVersion": revision(wanted.cluster)}
    bookmark = {"type": "BOOKMARK", "object": wanted.typed({"metadata": meta})}
    while True:
        if bookmarks:
            yield msgspec.json.encode(bookmark) + b"\n"
        nap = min(seconds, _BOOKMARK_SECONDS)
        seconds -= nap
        if not await pause(nap) or seconds <= 0:
            return


def _selection(resource: Resource, query: Mapping[str, str]) -> Selection:
    name, node, nothing = None, None, False
    for field, value, same in _requirements(query, "fieldSelector"):
        if field == "metadata.name" and same:
            name, nothing = value, nothing or name not in {None, value}
        elif field == "spec.nodeName" and same and resource.plural == "pods":
            node, nothing = value, nothing or node not in {None, value}
        elif field == "status.phase" and resource.plural == "pods":
            # All pods are in the same phase, so that they need not be made to know it.
            nothing = nothing or (value == POD_PHASE) is not same
        else:
            raise BadRequest(f"field label not supported: {field}")
    return Selection(tuple(_requirements(query, "labelSelector")), name, node, nothing)


def _requirements(query: Mapping[str, str], name: str) -> Iterator[tuple[str, str, bool]]:
    return (_requirement(part) for part in query.get(name, "").split(",") if part)


def _requirement(part: str) -> tuple[str, str, bool]:
    same = "!=" not in part
    label, found, value = part.replace("==", "=").partition("=" if same else "!=")
    if not found:
        raise BadRequest(f"unable to parse requirement: {part}: only = and != are simulated")
    return label.strip(), value.strip(), same


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    if text and not text.isdecimal():
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text or 0)


def _token(cluster: Cluster, start: int) -> str:
    told = msgspec.json.encode(_Continue(revision(cluster), start))
    return base64.urlsafe_b64encode(told).decode()


def _start(token: str) -> int:
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(token), type=_Continue)
    except (binascii.Error, ValueError) as broken:
        raise BadRequest(_BAD_CONTINUE) from broken
    return told.start

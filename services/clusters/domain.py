"""What may be registered about a cluster, and what follows from each command: pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, assert_never
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import ValidationError

from contracts.clusters import (
    Cluster,
    ClusterDeleted,
    ClusterEvent,
    ClusterNameEvent,
    ClusterNameFreed,
    ClusterNameTaken,
    ClusterRegistered,
    ClusterUpdated,
    DeleteCluster,
    RegisterCluster,
    Registration,
    UpdateCluster,
    merge_patch,
)
from contracts.refusals import Code, Refused

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f\\]")
_WRITTEN = frozenset(Registration.model_fields)
_REGISTRATION = timedelta(minutes=1)
"""How long a name may be reserved before its cluster is registered."""


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster as its last event tells it."""

    cluster: Cluster | None
    """None once it was deleted."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about registrations."""

    allow_insecure_endpoints: bool = False


def evolve(_: ClusterState | None, event: ClusterEvent) -> ClusterState:
    """The state after one more event, whatever came before."""
    match event:
        case ClusterRegistered() | ClusterUpdated():
            return ClusterState(event.cluster)
        case ClusterDeleted():
            return ClusterState(None)
        case _:
            assert_never(event)


def register(
    state: ClusterState | None,
    command: RegisterCluster,
    *,
    cluster_id: UUID,
    at: datetime,
    rules: Rules,
    version: int,
) -> list[ClusterEvent]:
    """Take a cluster into the fleet.

    The id comes from the command's id, so a state under it is this command's own earlier work, or,
    if it begins with its end, the work of `give_up`.
    """
    if state is not None and state.cluster is None and version == 1:
        text = "this registration took too long and was given up; send it as a new command"
        raise Refused(Code.VERSION_CONFLICT, text)
    if state is not None:
        return []
    _require_valid(command, rules)
    cluster = _cluster(command, cluster_id, created_at=at, updated_at=at)
    return [ClusterRegistered(cluster=cluster)]


def update(
    state: ClusterState | None, command: UpdateCluster, *, at: datetime, rules: Rules, version: int
) -> list[ClusterEvent]:
    """Change a registration; the same content is no event."""
    before = _live(state, command.cluster_id)
    _require_version(command.expected_version, version)
    wanted = _wanted(before, command)
    changed = _changed_fields(before, wanted)
    if not changed:
        return []
    _require_valid(wanted, rules)
    after = _cluster(wanted, before.id, created_at=before.created_at, updated_at=at)
    return [ClusterUpdated(cluster=after, changed_fields=changed)]


def delete(
    state: ClusterState | None, command: DeleteCluster, *, at: datetime, version: int
) -> list[ClusterEvent]:
    """Take a cluster out of the fleet. ``at`` is the envelope's alone: the event holds no time."""
    del at
    cluster = _live(state, command.cluster_id)
    _require_version(command.expected_version, version)
    return [ClusterDeleted(cluster_id=cluster.id, name=cluster.name)]


def live_name(state: ClusterState | None) -> str | None:
    """The name that a cluster holds, if it is live."""
    return state.cluster.name if state and state.cluster else None


def name_events(before: str | None, after: str | None, cluster_id: UUID) -> list[ClusterNameEvent]:
    """What happens to the reservations when a cluster's name goes from ``before`` to ``after``."""
    events: list[ClusterNameEvent] = []
    if before == after:
        return events
    if before is not None:
        events.append(ClusterNameFreed(name=before, cluster_id=cluster_id))
    if after is not None:
        events.append(ClusterNameTaken(name=after, cluster_id=cluster_id))
    return events


def give_up(
    taken: ClusterNameTaken, holder: ClusterState | None, age: timedelta
) -> list[ClusterEvent]:
    """Let go of a name whose registration did not follow; Refused while its holder may live.

    A registration reserves its name first. Where a minute later there is no cluster, its command
    has come to grief, and the event closes the door should that command come again after all.
    The answer does not tell which cluster: the caller may not be allowed to see it.
    """
    if holder is not None and holder.cluster is None:
        return []
    if holder is not None or age < _REGISTRATION:
        text = f"a cluster named {taken.name} is already registered"
        raise Refused(Code.CLUSTER_ALREADY_EXISTS, text)
    return [ClusterDeleted(cluster_id=taken.cluster_id, name=taken.name)]


def _live(state: ClusterState | None, cluster_id: UUID) -> Cluster:
    if state is None or state.cluster is None:
        raise Refused(Code.CLUSTER_NOT_FOUND, f"there is no cluster {cluster_id}")
    return state.cluster


def _require_version(expected: int | None, version: int) -> None:
    if expected is not None and expected != version:
        raise Refused(
            Code.PRECONDITION_FAILED,
            f"the cluster is at version {version}, not {expected}",
            {"expected_version": expected, "version": version},
        )


def _written(registration: Registration) -> dict[str, Any]:
    return registration.model_dump(mode="json", include=set(_WRITTEN))


def _cluster(
    registration: Registration, cluster_id: UUID, *, created_at: datetime, updated_at: datetime
) -> Cluster:
    decided = {"id": cluster_id, "created_at": created_at, "updated_at": updated_at}
    return Cluster.model_validate(_written(registration) | decided)


def _changed_fields(before: Registration, after: Registration) -> tuple[str, ...]:
    old, new = _written(before), _written(after)
    return tuple(sorted(name for name in _WRITTEN if old[name] != new[name]))


def _wanted(before: Cluster, command: UpdateCluster) -> Registration:
    match command.registration, command.patch:
        case Registration() as registration, None:
            return registration
        case None, dict() as patch:
            return _patched(before, patch)
        case _:
            raise _invalid(("registration", "give either a registration or a patch"))


def _patched(before: Cluster, patch: dict[str, Any]) -> Registration:
    try:
        return Registration.model_validate(merge_patch(_written(before), patch))
    except ValidationError as error:
        raise _invalid(*_findings(error)) from None


def _findings(error: ValidationError) -> Iterator[tuple[str, str]]:
    # Never the input: it may hold what must not be repeated.
    for finding in error.errors(include_url=False, include_context=False, include_input=False):
        path = ".".join(str(part) for part in finding["loc"] if part != "[key]")
        yield path, finding["msg"]


def _invalid(*findings: tuple[str, str], code: Code = Code.VALIDATION_FAILED) -> Refused:
    fields = [{"field": field, "message": message} for field, message in findings]
    message = "; ".join(f"{field}: {text}" for field, text in findings[:3])
    return Refused(code, message, {"fields": fields})


def _require_valid(registration: Registration, rules: Rules) -> None:
    if not _NAME.fullmatch(registration.name):
        text = "must be 3 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit"
        raise _invalid(("name", text), code=Code.INVALID_CLUSTER_NAME)
    findings = [*_text_findings(registration), *_url_findings(registration, rules)]
    if findings:
        raise _invalid(*findings)


def _text_findings(registration: Registration) -> Iterator[tuple[str, str]]:
    # PostgreSQL's text cannot hold U+0000, and a projection must never meet a row it cannot write.
    for field in ("display_name", "region"):
        if "\0" in (getattr(registration, field) or ""):
            yield field, "must not contain U+0000"


def _url_findings(registration: Registration, rules: Rules) -> Iterator[tuple[str, str]]:
    urls: Iterable[tuple[str, str | None]] = (
        ("api_server_url", registration.api_server_url),
        *((f"endpoints.{name}", url) for name, url in registration.endpoints),
    )
    for field, url in urls:
        problem = None if url is None else _url_problem(url, rules)
        if problem is not None:
            yield field, problem


def _url_problem(url: str, rules: Rules) -> str | None:
    if _NOT_IN_URLS.search(url):
        return "must not contain white space, control characters or backslashes"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        if "xn--" in host:
            host.encode("ascii").decode("idna")
    except ValueError:
        return "is not a URL"
    plain_allowed = rules.allow_insecure_endpoints or _is_loopback(host)
    rules_broken = (
        ("@" in parts.netloc, "must not hold credentials"),
        (parts.scheme not in {"https", "http"}, "must begin with https://"),
        (not host, "must name a host"),
        ("#" in url, "must not have a fragment"),
        (
            parts.scheme == "http" and not plain_allowed,
            "must be https: this is no loopback address",
        ),
    )
    return next((text for broken, text in rules_broken if broken), None)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

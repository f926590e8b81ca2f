"""The gateway's routes for clusters, as the command line and the launcher call them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import httpx

from deploy.cli.reach import Door
from services.runtime.clock import SystemClock

Json = dict[str, Any]

_CLUSTERS = "/api/v1/clusters"
_COMMANDS = "/api/v1/commands"
# Half a minute is how long the gateway itself waits before it answers 202.
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_PATIENCE = 600.0
_VISIBLE_WITHIN = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_PAGE = 100
_ACCEPTED = 202
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
_MOST_TOLD = 5


class Declined(Exception):
    """The gateway has answered with a refusal; nothing was done."""

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        self.code = code
        self.message = message
        self.details: Mapping[str, Any] = details or {}
        told = [f"{code}: {message}", *_explained(message, self.details)]
        super().__init__("; ".join(told))


class Unanswered(Exception):
    """No answer that can be read: what was asked for may have been done."""


class ClusterApi:
    """The routes, as functions; each raises Declined or Unanswered."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._clock = SystemClock()

    async def find(self, reference: str) -> Json:
        """A cluster by its name or its id."""
        # An id is a valid name, too; where both are there the id is meant.
        if not _is_id(reference):
            return await self._get(_by_name(reference))
        try:
            return await self._get(f"{_CLUSTERS}/{reference}")
        except Declined as refusal:
            if refusal.code != "CLUSTER_NOT_FOUND":
                raise
        return await self._get(_by_name(reference))

    async def find_named(self, name: str) -> Json | None:
        """A cluster by its name; None if there is none."""
        try:
            return await self._get(_by_name(name))
        except Declined as refusal:
            if refusal.code != "CLUSTER_NOT_FOUND":
                raise
            return None

    async def every(self, filters: Mapping[str, list[str]]) -> list[Json]:
        """All clusters that pass the filters, by name."""
        found: list[Json] = []
        page, pages = 1, 1
        while page <= pages:
            asked = {**filters, "page": page, "page_size": _PAGE}
            told = await self._get(_CLUSTERS, params=asked)
            found += told["items"]
            page, pages = page + 1, told["total_pages"]
        return found

    async def status(self, cluster_id: str) -> Json:
        """How a cluster is, check by check."""
        return await self._get(f"{_CLUSTERS}/{cluster_id}/status")

    async def register(self, registration: Json) -> Json:
        """Take a cluster into the fleet; as it is then."""
        answer = await self._send("POST", _CLUSTERS, registration)
        if answer.status_code != _ACCEPTED:
            return read_object(answer)
        return await self._visible(str((await self._outcome(answer))["id"]))

    async def change(self, cluster_id: str, patch: Json) -> None:
        """Apply a merge patch to a registration."""
        await self._settled(await self._send("PATCH", f"{_CLUSTERS}/{cluster_id}", patch))

    async def give_credentials(self, cluster_id: str, given: Json) -> None:
        """Give a cluster its credentials, which the hub tries first."""
        url = f"{_CLUSTERS}/{cluster_id}/credentials"
        await self._settled(await self._send("POST", url, given))

    async def refresh(self, cluster_id: str) -> Json:
        """Check a cluster now; as it is then."""
        await self._settled(await self._send("POST", f"{_CLUSTERS}/{cluster_id}/refresh"))
        return await self._get(f"{_CLUSTERS}/{cluster_id}")

    async def remove(self, cluster_id: str) -> None:
        """Take a cluster out of the fleet."""
        await self._settled(await self._send("DELETE", f"{_CLUSTERS}/{cluster_id}"))

    async def take_in(self, wanted: Json) -> Json:
        """Import many clusters; what became of each."""
        answer = await self._send("POST", f"{_CLUSTERS}/import", wanted)
        if answer.status_code != _ACCEPTED:
            return read_object(answer)
        return (await self._outcome(answer))["details"]

    async def _get(self, url: str, params: Mapping[str, Any] | None = None) -> Json:
        return read_object(await self._send("GET", url, params=params))

    async def _send(
        self, method: str, url: str, body: Json | None = None, params: Any = None
    ) -> httpx.Response:
        try:
            answer = await self._client.request(method, url, json=body, params=params)
        except httpx.HTTPError as error:
            # Its text may be empty, as that of a time-out is.
            what = f"{type(error).__name__} {error}".strip()
            where = self._client.base_url
            raise Unanswered(f"the gateway {where} does not answer: {what}") from None
        if answer.is_success:
            return answer
        raise _refusal(answer)

    async def _settled(self, answer: httpx.Response) -> None:
        if answer.status_code == _ACCEPTED:
            await self._outcome(answer)

    async def _outcome(self, answer: httpx.Response) -> Json:
        """What became of a command that takes longer than a request may."""
        url = f"{_COMMANDS}/{quote(str(read_object(answer)['command_id']), safe='')}"
        deadline, pause = self._clock.monotonic() + _PATIENCE, _FIRST_PAUSE
        while self._clock.monotonic() < deadline:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            told = await self._told(url, missing="COMMAND_NOT_FOUND")
            match told.get("outcome") if told else "pending":
                case "accepted":
                    return told or {}
                case "pending":
                    pass
                case _:
                    raise _refused_outcome(told or {})
        raise Unanswered(f"it is not done after {_PATIENCE:g} s; its outcome will be at {url}")

    async def _visible(self, cluster_id: str) -> Json:
        url, deadline = f"{_CLUSTERS}/{cluster_id}", self._clock.monotonic() + _VISIBLE_WITHIN
        while self._clock.monotonic() < deadline:
            if found := await self._told(url, missing="CLUSTER_NOT_FOUND"):
                return found
            await asyncio.sleep(_FIRST_PAUSE)
        raise Unanswered(f"cluster {cluster_id} was registered, but is not visible yet")

    async def _told(self, url: str, missing: str) -> Json | None:
        try:
            return await self._get(url)
        except Declined as refusal:
            if refusal.code != missing:
                raise
            return None


@asynccontextmanager
async def connected(door: Door) -> AsyncGenerator[ClusterApi]:
    """The routes of one gateway, for the time of a block."""
    async with client_of(door) as client:
        yield ClusterApi(client)


@asynccontextmanager
async def client_of(door: Door) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of one gateway, for the time of a block."""
    # A proxy for the outside must not be asked for what is on this machine.
    local = urlsplit(door.gateway).hostname in _LOCAL
    try:
        client = httpx.AsyncClient(
            base_url=door.gateway,
            headers={"Authorization": f"Bearer {door.token}"},
            timeout=_TIMEOUT,
            trust_env=not local,
        )
    except (httpx.InvalidURL, ValueError):
        raise Unanswered(f"{door.gateway} is no URL of a gateway") from None
    async with client:
        yield client


def _by_name(name: str) -> str:
    return f"{_CLUSTERS}/by-name/{quote(name, safe='')}"


def _is_id(reference: str) -> bool:
    try:
        UUID(reference)
    except ValueError:
        return False
    return True


def read_object(answer: httpx.Response) -> Json:
    """The JSON object in an answer; Unanswered if there is none."""
    try:
        told: Any = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Unanswered(f"{answer.url.path} was answered {answer.status_code} without JSON")
    return told  # pyright: ignore[reportUnknownVariableType] - as JSON comes


def _refusal(answer: httpx.Response) -> Declined:
    """An answer that tells of a failure; one that is not ours comes from something in between."""
    try:
        error: Any = answer.json()["error"]
        return Declined(str(error["code"]), str(error["message"]), dict(error.get("details") or {}))
    except (ValueError, TypeError, KeyError):
        return Declined(f"HTTP {answer.status_code}", answer.reason_phrase or "no reason given")


def _refused_outcome(told: Json) -> Declined:
    code, message = told.get("code"), told.get("message")
    return Declined(str(code or "FAILED"), str(message or "refused"), told.get("details"))


def _explained(message: str, details: Mapping[str, Any]) -> list[str]:
    """What the details of a refusal add to its message: what to do, which rights are missing."""
    told = _told_by(details, message)
    for each in _listed(details, "validation"):
        told += [f"{each.get('name')}: {text}" for text in _told_by(each, message)]
    told += [f"{each.get('field')}: {each.get('message')}" for each in _listed(details, "fields")]
    return told[:_MOST_TOLD]


def _told_by(each: Mapping[str, Any], message: str) -> list[str]:
    missing: Any = each.get("missing") or ()
    rights = ", ".join(map(str, missing))
    told = [str(text) for text in (each.get("error"), each.get("advice")) if text]
    news = [text for text in told if text not in message]
    return news if rights in message else [*news, f"missing rights: {rights}"]


def _listed(details: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found: Any = details.get(name)
    every: list[Any] = found if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType]
    return [each for each in every if isinstance(each, dict)]

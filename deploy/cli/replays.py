"""`aiops replays`: asks the gateway to run history again, and shows what it would have been."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from contracts.envelope import rfc3339
from deploy.cli.alerts_api import AlertApi
from deploy.cli.clusters import table
from deploy.cli.clusters_api import Declined, Json, Unanswered, client_of, read_object
from deploy.cli.output import fail, say
from deploy.cli.reach import gateway_of
from services.runtime.clock import SystemClock

_REPLAYS = "/api/v1/replays"
_ACCEPTED = 202
_PATIENCE, _PAUSE = 930.0, 0.5
"""Seconds; a replay takes a quarter of an hour at most."""
_DURATION = re.compile(r"([0-9]+)([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Wanted:
    """What is to be run again, as it was typed."""

    kind: str
    last: str | None
    since: str | None
    until: str | None
    clusters: Sequence[str]
    settings: Sequence[str]
    rules: Path | None

    def body(self, now: datetime) -> Json:
        """What is asked, but for clusters; ends with one line where it makes no sense."""
        if (self.last is None) == (self.since is None):
            fail("give either --last or --from", 2)
        if self.last is not None:
            if self.until is not None:
                fail("--to goes with --from", 2)
            start = rfc3339(now - _duration(self.last))
        else:
            start = self.since or ""
        asked: Json = {"kind": self.kind.upper(), "start": start}
        asked["end"] = self.until or rfc3339(now)
        changes = dict(map(_setting, self.settings))
        if self.rules is not None:
            changes["rules"] = _rules(self.rules)
        return asked | ({self.kind: changes} if changes else {})


class ReplayApi(AlertApi):
    """These routes beside those for clusters; each raises Declined or Unanswered."""

    async def start(self, body: Json) -> Json:
        """One that runs from now on."""
        answer = await self._send("POST", _REPLAYS, body)
        if answer.status_code != _ACCEPTED:
            return read_object(answer)
        return await self.replay(str((await self._outcome(answer))["id"]))

    async def replay(self, replay_id: str) -> Json:
        """One, as it is now."""
        return await self._get(_url(replay_id))

    async def replays(self, limit: int) -> list[Json]:
        """The newest ones."""
        found: list[Json] = (await self._get(_REPLAYS, {"page_size": limit}))["items"]
        return found

    async def cancel(self, replay_id: str) -> None:
        """Stop one."""
        await self._settled(await self._send("POST", f"{_url(replay_id)}/cancel"))

    async def ended(self, replay_id: str) -> Json:
        """One, as it is once it is over."""
        end = self._clock.monotonic() + _PATIENCE
        while True:
            found = await self.replay(replay_id)
            if found["state"] != "RUNNING":
                return found
            if self._clock.monotonic() > end:
                raise Unanswered(f"replay {replay_id} still runs")
            await asyncio.sleep(_PAUSE)


async def start(wanted: Wanted, *, wait: bool, as_json: bool) -> None:
    """Run it again, and show what comes of it."""
    body = wanted.body(SystemClock().now())
    async with _asking() as api:
        begun = await api.start(body | {"cluster_ids": await api.ids(wanted.clusters)})
        if not wait:
            say(json.dumps(begun, indent=2) if as_json else f"replay {begun['id']} runs")
            return
        found = await api.ended(begun["id"])
    _tell(found, as_json=as_json)


async def show_all(limit: int, *, as_json: bool) -> None:
    """The newest replays."""
    async with _asking() as api:
        found = await api.replays(limit)
    if as_json:
        say(json.dumps(found, indent=2))
    else:
        table([_row(each) for each in found], empty="nothing was run again yet")


async def show(replay_id: str, *, as_json: bool) -> None:
    """One replay."""
    async with _asking() as api:
        found = await api.replay(replay_id)
    _tell(found, as_json=as_json)


async def cancel(replay_id: str) -> None:
    """Stop one."""
    async with _asking() as api:
        await api.cancel(replay_id)
    say(f"replay {replay_id} is stopped, if it was not over")


@asynccontextmanager
async def _asking() -> AsyncGenerator[ReplayApi]:
    try:
        async with client_of(gateway_of()) as client:
            yield ReplayApi(client)
    except (Declined, Unanswered) as error:
        fail(str(error))


def _url(replay_id: str) -> str:
    return f"{_REPLAYS}/{quote(replay_id, safe='')}"


def _row(replay: Json) -> Json:
    asked = replay["asked"]
    return {
        "state": replay["state"],
        "kind": asked["kind"],
        "from": asked["start"],
        "to": asked["end"],
        "otherwise": replay["differences"],
        "by": replay["started_by"],
        "id": replay["id"],
    }


def _tell(replay: Json, *, as_json: bool) -> None:
    result = replay["result"]
    if as_json:
        say(json.dumps(replay, indent=2))
    elif result is None:
        say(f"replay {replay['id']}: {replay['reason'] or 'it runs'}")
    else:
        _say_result(result)
    if replay["state"] == "FAILED":
        raise SystemExit(1)


def _say_result(result: Json) -> None:
    for line in _sums(result):
        say(line)
    rows = [
        {"what": each["kind"], "at": each["at"], "title": each["title"], "otherwise": each["text"]}
        for each in result["differences"]
    ]
    table(rows, empty="all of it would have been just so")
    if result["left_out"]:
        say(f"and {result['left_out']} more")


def _sums(result: Json) -> list[str]:
    told = [f"{result['told']} were told, {result['again']} would have been;"
            f" {result['equal']} of those told just so"]  # fmt: skip
    if result["signals_told"] or result["signals_again"]:
        told.append(
            f"{result['signals_told']} signals in them, {result['signals_again']} otherwise:"
            f" {result['signals_added']} more, {result['signals_lost']} fewer,"
            f" {result['signals_merged']} together with others,"
            f" {result['signals_parted']} apart from others"
        )
    if result["seconds_to_tell"] is not None and result["seconds_to_tell_again"] is not None:
        was, would = result["seconds_to_tell"], result["seconds_to_tell_again"]
        told.append(f"told {was:.1f} s after the begin (median), {would:.1f} s otherwise")
    if result["whole_from"] is not None:
        told.append(f"what came before {result['whole_from']} has aged out in part")
    return told


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        fail("--last must be a duration such as 30m, 24h or 7d", 2)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _setting(text: str) -> tuple[str, Any]:
    name, equal, value = text.partition("=")
    if not equal:
        fail(f"--set {text}: NAME=VALUE is wanted", 2)
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _rules(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        fail(f"{path}: {error}", 2)

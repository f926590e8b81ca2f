"""Clients of the live stream in a process of their own: `python -m tests.chaos.crowd`.

A line of JSON in: where the hub is and which cluster each client follows from which sequence on.
A second line: a file with the sequences that there are by cluster. A line out: how many clients
have each of these exactly once and in order.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from gateway.clients.python.aiops_live import LiveStream

EVENTS = ["ALERT_FIRED", "ALERT_RESOLVED"]
_CATCH_UP = 90.0


@dataclass(eq=False)
class Client:
    """One that resumes, whatever happens."""

    url: str
    token: str
    cluster: str
    since: int
    seen: list[int] = field(default_factory=list[int])
    breaks: int = 0

    async def run(self) -> None:
        wanted = {
            "event_types": EVENTS,
            "cluster_filter": [self.cluster],
            "since_sequence": self.since,
        }
        async with LiveStream(self.url, {"chaos": wanted}, self.token) as stream:  # type: ignore[dict-item]
            async for item in stream:
                if item["type"] == "event":
                    self.seen.append(item["sequence"] or 0)
                elif item["type"] == "reconnecting":
                    self.breaks += 1


async def _crowd() -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    told = json.loads(await lines.readline())
    clients = [Client(told["url"], told["token"], *each) for each in told["clients"]]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    file = Path((await lines.readline()).decode().strip())
    expected = json.loads(await asyncio.to_thread(file.read_text))
    deadline = loop.time() + _CATCH_UP
    while loop.time() < deadline and _is_behind(clients, expected):  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    results = [_judged(client, expected.get(client.cluster, [])) for client in clients]
    died = [repr(task.exception()) for task in tasks if task.done() and not task.cancelled()]
    totals = {name: sum(each[name] for each in results) for name in results[0]} if results else {}
    print(json.dumps(totals | {"died": died}), flush=True)


def _is_behind(clients: list[Client], expected: dict[str, list[int]]) -> bool:
    return any(len(client.seen) < len(expected.get(client.cluster, [])) for client in clients)


def _judged(client: Client, expected: list[int]) -> dict[str, int]:
    seen = set(client.seen)
    return {
        "clients": 1,
        "events": len(client.seen),
        "missing": len(set(expected) - seen),
        "doubled": len(client.seen) - len(seen),
        "unknown": len(seen - set(expected)),
        "disordered": int(client.seen != sorted(client.seen)),
        "breaks": client.breaks,
    }


if __name__ == "__main__":
    uvloop.run(_crowd())

"""What workers are compared with: reads commands, makes their durable writes, decides nothing.

One process of several on the same durable consumer, told on its command line: the bus, the area and
the events of each command. Of a command it decodes the JSON, publishes ready events of 700 bytes
with message id and expected sequence, then the outcome, and takes the command off the queue only
then. It runs until it is ended.
"""

import asyncio
import sys

import msgspec
import nats
import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.runtime import streams
from services.runtime.ids import new_id
from tests.benchmarks.kit import calm_collector

_BATCH = 64
_EVENT = b"{" + b" " * 700 + b"}"
_OUTCOME = b"{" + b" " * 120 + b"}"


class Loop:
    """Takes whatever has come, 64 at most; asks for more before it writes."""

    def __init__(self, client: Client, area: str, events: int) -> None:
        self._client = client
        self._area = area
        self._events = events
        self._come: asyncio.Queue[Msg] = asyncio.Queue()
        self._asked = 0
        self._unheard = 0
        self._heard = asyncio.Event()
        self._commands, self._acks = client.new_inbox(), client.new_inbox()

    async def run(self) -> None:
        """Until it is ended."""
        await self._client.subscribe(self._commands, cb=self._come.put)
        await self._client.subscribe(self._acks, cb=self._acknowledged)
        while True:
            await self._ask()
            await self._work(await self._taken())

    async def _ask(self) -> None:
        if self._asked > _BATCH // 2:
            return
        wanted = msgspec.json.encode({"batch": _BATCH - self._asked})
        self._asked = _BATCH
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{streams.COMMANDS}.{self._area}"
        await self._client.publish(subject, wanted, reply=self._commands)

    async def _taken(self) -> list[Msg]:
        found = [await self._come.get()]
        while len(found) < _BATCH and not self._come.empty():
            found.append(self._come.get_nowait())
        self._asked -= len(found)
        return found

    async def _work(self, commands: list[Msg]) -> None:
        await self._ask()
        for command in commands:
            cluster = msgspec.json.decode(command.data)["cluster_id"]
            place = command.reply.split(".")[5]
            for number in range(self._events):
                await self._append(f"evt.{cluster}.raw.{place}-{number}")
        await self._all_heard()
        for _ in commands:
            await self._store(f"$KV.outcomes.{new_id()}", _OUTCOME, {})
        await self._all_heard()
        for command in commands:
            await self._client.publish(command.reply, b"+ACK")

    async def _append(self, entity: str) -> None:
        headers = {
            "Nats-Msg-Id": str(new_id()),
            "Nats-Expected-Last-Subject-Sequence": "0",
            "Nats-Expected-Last-Subject-Sequence-Subject": f"{entity}.>",
        }
        await self._store(f"{entity}.happened.1", _EVENT, headers)

    async def _store(self, subject: str, data: bytes, headers: dict[str, str]) -> None:
        self._unheard += 1
        self._heard.clear()
        await self._client.publish(subject, data, reply=self._acks, headers=headers)

    async def _acknowledged(self, message: Msg) -> None:
        if b'"error"' in message.data:
            raise RuntimeError(message.data.decode())
        self._unheard -= 1
        if not self._unheard:
            self._heard.set()

    async def _all_heard(self) -> None:
        if self._unheard:
            await self._heard.wait()


async def _run(url: str, area: str, events: int) -> None:
    client = await nats.connect(url, pending_size=64 * 1024 * 1024)
    calm_collector()
    await Loop(client, area, events).run()


def main() -> None:
    """Run as told."""
    url, area, events = sys.argv[1:]
    uvloop.run(_run(url, area, int(events)))


if __name__ == "__main__":
    main()

"""The log read as fast as a client of the bus can: pulled, counted, and nothing decoded."""

import asyncio
import time
from typing import Any

import msgspec
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.runtime.ids import new_id

_BATCH = 1000
_STREAM = "EVT"


async def pull(url: str, first: int, last: int) -> float:
    """Read from one sequence to another by nats-py, 1,000 a request; events a second."""
    client = await nats.connect(url, pending_size=64 * 1024 * 1024)
    try:
        consumer = f"raw_{new_id().hex}"
        config: dict[str, Any] = {
            "name": consumer,
            "ack_policy": "none",
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": first,
            "mem_storage": True,
            "inactive_threshold": 60_000_000_000,
        }
        body = msgspec.json.encode({"stream_name": _STREAM, "config": config, "action": ""})
        await client.request(f"$JS.API.CONSUMER.CREATE.{_STREAM}.{consumer}", body)
        began = time.perf_counter()
        count = await _all(client, f"$JS.API.CONSUMER.MSG.NEXT.{_STREAM}.{consumer}", last)
        return count / (time.perf_counter() - began)
    finally:
        await client.close()


async def _all(client: Client, ask: str, last: int) -> int:
    """Ask again whenever a batch is half there; how many have come by the last one."""
    inbox, done, count = client.new_inbox(), asyncio.Event(), 0
    wanted = msgspec.json.encode({"batch": _BATCH, "expires": 20_000_000_000})

    async def take(message: Msg) -> None:
        nonlocal count
        if not message.reply.startswith("$JS.ACK"):
            return
        count += 1
        if count % _BATCH == _BATCH // 2:
            await client.publish(ask, wanted, reply=inbox)
        if int(message.reply.split(".")[5]) >= last:
            done.set()

    await client.subscribe(inbox, cb=take, pending_bytes_limit=512 * 1024 * 1024)
    await client.publish(ask, wanted, reply=inbox)
    await done.wait()
    return count

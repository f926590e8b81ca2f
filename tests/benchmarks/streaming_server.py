"""The model of `streaming`: a process that says words at a pace, each with the time it was sent.

Told on its command line: words of an answer, and words a second. Prints its port.
"""

import asyncio
import sys
import time

import msgspec
import uvloop

from tests.benchmarks.kit import calm_collector
from tests.kit.llm_server import MODEL, ending, part, words

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def _event(told: object) -> bytes:
    body = b"data: " + msgspec.json.encode(told) + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(body), body)


def _word() -> bytes:
    # Clocks of one machine's processes agree.
    told = part(delta={"content": f"{time.monotonic():.6f} "}, logprobs=None)
    return _event(told | {"created": 1_780_000_000, "system_fingerprint": f"fp_{MODEL}"})


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int, rate: float
) -> None:
    loop = asyncio.get_running_loop()
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            writer.write(_HEAD + _event(words("")[0]))
            began = loop.time()
            for number in range(count):
                await asyncio.sleep(began + number / rate - loop.time())
                writer.write(_word())
            usage, end = _event(ending(after=count)[0]), _event(ending(after=count)[1])
            writer.write(usage + end + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def _serve(count: int, rate: float) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: _talk(reader, writer, count, rate), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Run until killed."""
    count, rate = sys.argv[1:]
    calm_collector()
    uvloop.run(_serve(int(count), float(rate)))


if __name__ == "__main__":
    main()

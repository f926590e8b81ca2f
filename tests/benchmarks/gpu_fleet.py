"""``python -m tests.benchmarks.gpu_fleet``: Prometheuses of many clusters with GPUs, one process.

Each is a path of one address (``/c17``) and answers what dcgm-exporter's metrics of its nodes would
be: as many series, labels and bytes as there are in reality, values that move, made of parts that
are ready, so that whoever asks is measured and not this.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import uvloop

from tests.kit.tree import ROOT

CLUSTERS, NODES, GPUS = 200, 1250, 8
EVERY = 15
_VALUES = {
    "DCGM_FI_DEV_GPU_UTIL": 100,
    "DCGM_FI_DEV_MEM_COPY_UTIL": 60,
    "DCGM_FI_DEV_FB_USED": 70_000,
    "DCGM_FI_DEV_FB_FREE": 11_000,
    "DCGM_FI_DEV_FB_TOTAL": 0,
    "DCGM_FI_DEV_GPU_TEMP": 80,
    "DCGM_FI_DEV_MEMORY_TEMP": 85,
    "DCGM_FI_DEV_POWER_USAGE": 650,
    "DCGM_FI_DEV_POWER_MGMT_LIMIT": 0,
    "DCGM_FI_DEV_SM_CLOCK": 1980,
    "DCGM_FI_DEV_MEM_CLOCK": 0,
    "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS": 0,
    "DCGM_FI_DEV_XID_ERRORS": 0,
    "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL": 0,
    "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL": 400_000,
    "DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL": 0,
}
"""The greatest value of each; those with 0 stay as they are."""
_FIXED = {
    "DCGM_FI_DEV_FB_TOTAL": 81_559,
    "DCGM_FI_DEV_POWER_MGMT_LIMIT": 700,
    "DCGM_FI_DEV_MEM_CLOCK": 2619,
}
_OTHER = b'{"status":"success","data":{"alerts":[],"groups":[],"resultType":"vector","result":[]}}'


def nodes_of(cluster: int) -> int:
    """How many nodes a cluster has: all of them together are `NODES`."""
    return NODES // CLUSTERS + (cluster < NODES % CLUSTERS)


@dataclass(frozen=True, slots=True)
class Source:
    """One of these programs while it runs."""

    port: int
    pid: int

    def url(self, cluster: int) -> str:
        """Of a cluster's Prometheus."""
        return f"http://127.0.0.1:{self.port}/c{cluster}"


@contextmanager
def gpu_fleet(port: int) -> Generator[Source]:
    """The program for the time of a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.gpu_fleet", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the Prometheuses did not start")
        yield Source(port, process.pid)
    finally:
        process.kill()
        process.wait()


class _Cluster:
    """The answer of one of them, in parts."""

    def __init__(self, number: int) -> None:
        self._draw = random.Random(number)
        self._parts: list[tuple[bytes, int]] = []
        for node in range(nodes_of(number)):
            for index in range(GPUS):
                self._add(f"c{number}-gpu-{node}.example.com", number, node, index)

    def _add(self, host: str, cluster: int, node: int, index: int) -> None:
        uuid = f"GPU-{cluster:08x}-{node:04x}-{index:04x}-0000-000000000000"
        key = {
            "UUID": uuid,
            "device": f"nvidia{index}",
            "gpu": str(index),
            "instance": f"10.{cluster}.{node}.7:9400",
        }
        for name, most in _VALUES.items():
            fixed = most == 0
            value = _FIXED.get(name, 0) if fixed else most
            self._part({"__name__": name} | key, -value if fixed else value)
        more = {
            "kind": "labels",
            "modelName": "NVIDIA H100 80GB HBM3",
            "Hostname": host,
            "DCGM_FI_DRIVER_VERSION": "570.124.06",
            "namespace": f"team-{cluster % 40}",
            "pod": f"train-{node}-{index}",
            "container": "main",
        }
        self._part(key | more, 0)

    def _part(self, labels: dict[str, str], most: int) -> None:
        is_time = "kind" in labels
        head = json.dumps({"metric": labels}, separators=(",", ":"))[:-1]
        self._parts.append((head.encode() + b',"value":[', 0 if is_time else most or -(10**9)))

    def answer(self, now: float) -> bytes:
        """All of it, at a moment; a GPU was scraped just now."""
        draw = self._draw.random
        stamp = b"%.3f" % now
        told: list[bytes] = []
        for head, most in self._parts:
            if most == 0:
                value = stamp
            elif most > 0:
                value = b"%d" % int(draw() * most)
            else:
                value = b"%d" % (0 if most == -(10**9) else -most)
            told.append(b'%b%b,"%b"]}' % (head, stamp, value))
        return (
            b'{"status":"success","data":{"resultType":"vector","result":['
            + b",".join(told)
            + b"]}}"
        )


class _Door(asyncio.Protocol):
    """Answers one request after the other; each comes whole."""

    def __init__(self, clusters: dict[bytes, _Cluster]) -> None:
        self._clusters = clusters
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._held) < end + 4 + size:
                return
            line, asked = self._held.split(b"\r\n", 1)[0], self._held[end + 4 : end + 4 + size]
            self._held = self._held[end + 4 + size :]
            body = self._answer(line, asked)
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                b"%d\r\n\r\n%b" % (len(body), body)
            )

    def _answer(self, line: bytes, asked: bytes) -> bytes:
        found = self._clusters.get(line.split(b"/", 2)[1])
        if found is None or b"DCGM_FI" not in asked:
            return _OTHER
        return found.answer(time.time())


async def _serve(port: int) -> None:
    clusters = {b"c%d" % number: _Cluster(number) for number in range(CLUSTERS)}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Door(clusters), "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))

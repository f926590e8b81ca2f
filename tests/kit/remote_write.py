"""Data for a Prometheus by remote write: stale markers too, which no text format can tell.

Source: prompb/remote.proto and prompb/types.proto of Prometheus; google/snappy, format_description.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import httpx

STALE = None
"""In place of a value: the series ends here."""
_STALE_BITS = struct.pack("<Q", 0x7FF0000000000002)
_HEADERS = {
    "content-encoding": "snappy",
    "content-type": "application/x-protobuf",
    "x-prometheus-remote-write-version": "0.1.0",
}
_LITERAL = 60_000

Samples = Mapping[int, float | None]
"""Values by unix time in milliseconds."""


@dataclass(frozen=True)
class Written:
    """One series."""

    labels: Mapping[str, str]
    """With ``__name__``."""
    samples: Samples

    def of(self, cluster: str) -> "Written":
        """The same as the fleet knows it: what is in the way of ``cluster`` is exported."""
        labels = {
            "exported_cluster" if name == "cluster" else name: value
            for name, value in self.labels.items()
        }
        return Written({**labels, "cluster": cluster}, self.samples)


async def write(url: str, series: Iterable[Written]) -> None:
    """Write all series; they are there when this returns."""
    body = _compressed(b"".join(_field(1, _series(each)) for each in series))
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/api/v1/write", content=body, headers=_HEADERS)
    assert answer.status_code == 204, answer.text


def _series(told: Written) -> bytes:
    labels = (
        _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in sorted(told.labels.items())
    )
    samples = (_field(2, _sample(at, told.samples[at])) for at in sorted(told.samples))
    return b"".join([*labels, *samples])


def _sample(at: int, value: float | None) -> bytes:
    bits = _STALE_BITS if value is STALE else struct.pack("<d", value)
    return b"\x09" + bits + b"\x10" + _varint(at)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    told = bytearray()
    while number > 0x7F:
        told.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*told, number])


def _compressed(content: bytes) -> bytes:
    """Snappy's format, in which nothing need be repeated."""
    pieces: Sequence[bytes] = [
        content[at : at + _LITERAL] for at in range(0, len(content), _LITERAL)
    ]
    told = (b"\xf4" + struct.pack("<H", len(each) - 1) + each for each in pieces)
    return b"".join([_varint(len(content)), *told])

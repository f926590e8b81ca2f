"""Reads GPU telemetry that is stored, as series."""

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from contracts.analysis import DetectAnomalies, GpuMeasure, GpusToSearch
from contracts.refusals import Code, Refused
from contracts.subjects import token
from services.anomalies.on_demand.series import Known, Selection, Series, Span, series
from services.anomalies.on_demand.sources import Gathered
from services.anomalies.online.reading import GPU_METRICS
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.pull import Delivery, Ordered, PullReader
from services.runtime.replies import Asked
from services.runtime.timeline import first_at

MOST_MESSAGES = 50_000
"""Samples of nodes that one question reads."""
MOST_VALUES = 4_000_000
_PAGE = 500
_BYTES = 3 * 1024 * 1024
"""Of one request: the largest message (2 MiB) has to fit in."""
_QUIET = 2.0
_EARLY, _LATE = timedelta(minutes=1), timedelta(minutes=10)
"""Samples are stored after they were taken, by clocks that may differ a little."""


class _Sample(msgspec.Struct):
    """Of a `GpuUpdate` what is needed here."""

    node_name: str
    sampled_at: datetime
    gpus: list[dict[str, Any]]


_SAMPLE = msgspec.json.Decoder(_Sample)
_Key = tuple[str, str, GpuMeasure]


@dataclass
class Samples:
    """What was read of some GPUs so far."""

    search: GpusToSearch
    messages: int = 0
    values: int = 0
    _rows: dict[_Key, "tuple[array[float], array[float]]"] = field(
        default_factory=dict[_Key, "tuple[array[float], array[float]]"]
    )
    _index: dict[str, int | None] = field(default_factory=dict[str, int | None])

    def take(self, page: Sequence[Delivery]) -> None:
        """Some more messages; what is no sample is passed over. LIMIT_REACHED."""
        self.messages += len(page)
        for delivery in page:
            try:
                sample = _SAMPLE.decode(delivery.data)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            self._take(sample)
        if self.messages > MOST_MESSAGES or self.values > MOST_VALUES:
            text = (
                f"more than {MOST_MESSAGES:,} samples of nodes, or {MOST_VALUES:,} values, are"
                " stored of this time; name a node, or take a shorter time"
            )
            raise Refused(Code.LIMIT_REACHED, text)

    def _take(self, sample: _Sample) -> None:
        at, wanted = sample.sampled_at.timestamp(), self.search.gpu_uuid
        for gpu in sample.gpus:
            uuid = str(gpu.get("uuid"))
            if wanted is None or uuid == wanted:
                self._index[uuid] = gpu.get("index")
                self._put_all((sample.node_name, uuid), at, gpu)

    def _put_all(self, place: tuple[str, str], at: float, gpu: Mapping[str, Any]) -> None:
        for measure in self.search.metrics:
            value = gpu.get(measure.value)
            if isinstance(value, int | float):
                self._put((*place, measure), at, value)

    def _put(self, key: _Key, at: float, value: float) -> None:
        times, values = self._rows.setdefault(key, (array("d"), array("d")))
        times.append(at)
        values.append(value)
        self.values += 1

    def series(self, span: Span) -> list[Series]:
        """One of each value of each GPU."""
        return [
            series(self._known(key), zip(times, values, strict=True), span)
            for key, (times, values) in self._rows.items()
        ]

    def _known(self, key: _Key) -> Known:
        node, uuid, measure = key
        index = self._index[uuid]
        labels = {"node": node, "gpu_uuid": uuid}
        if index is not None:
            labels["gpu"] = str(index)
        return Known(self.search.cluster_id, GPU_METRICS[measure.value], labels)


async def gather(
    wanted: DetectAnomalies, gpus: GpusToSearch, asked: Asked
) -> tuple[Selection, Gathered]:
    """The series of the GPUs; LIMIT_REACHED if there is too much of them."""
    node = "*" if gpus.node_name is None else token(gpus.node_name)
    filters = (f"tel.gpu.{gpus.cluster_id}.{node}",)
    samples, selection = Samples(gpus), Selection()
    await _read(asked.log.bus, filters, (wanted.learn_from, wanted.end), samples)
    found = await asyncio.to_thread(samples.series, Span.of(wanted))
    selection.add(gpus.cluster_id, found)
    return selection, Gathered(1)


async def _read(
    bus: Bus, filters: tuple[str, ...], times: tuple[datetime, datetime], samples: Samples
) -> None:
    first, last = await _positions(bus, *times)
    if first > last:
        return
    consumer = Ordered(streams.TELEMETRY, filters)
    reader = PullReader(bus, consumer, start=max(first, 1), max_bytes=_BYTES)
    try:
        await reader.open()
        while reader.pending:
            page = await reader.take(_PAGE, wait=_QUIET)
            if not page:
                # Nothing comes: ask anew how much there is, as some of it may have aged out.
                await reader.open()
                continue
            await asyncio.to_thread(samples.take, [each for each in page if each.sequence <= last])
            if page[-1].sequence >= last:
                return
    finally:
        await reader.close()


async def _positions(bus: Bus, start: datetime, end: datetime) -> tuple[int, int]:
    """Where what was sampled in a time stands in the stream, first and last."""
    info = await bus.api(f"STREAM.INFO.{streams.TELEMETRY}")
    begin, last = int(info["state"]["first_seq"]), int(info["state"]["last_seq"])
    first = await first_at(bus, streams.TELEMETRY, _moved(start, -_EARLY), begin, last)
    behind = await first_at(bus, streams.TELEMETRY, _moved(end, _LATE), first, last)
    return first, behind - 1


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment

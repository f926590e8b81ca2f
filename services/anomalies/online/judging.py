"""What people say of a series' anomalies, and how much more or less it takes from then on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from contracts.anomalies import Verdict
from services.anomalies.online.reading import Said

STEP = 1.15
"""Noise: so many times the strength is needed from now on. Useful: so much less."""
LEAST, MOST = 0.8, 3.0
MOST_KEPT = 32
"""Verdicts of one series; the oldest ones are dropped for newer ones."""


class _Verdict(NamedTuple):
    sequence: int
    verdict: Verdict


_Known = dict[str, dict[str, _Verdict]]


@dataclass
class Judgements:
    """By series and anomaly, what was said last."""

    _said: _Known = field(default_factory=_Known)

    def take(self, said: Said) -> float:
        """Once more what somebody says; the factor of its series after it."""
        of_series = self._said.setdefault(said.key, {})
        before = of_series.get(said.anomaly_id)
        if before is None or before.sequence < said.sequence:
            of_series[said.anomaly_id] = _Verdict(said.sequence, said.verdict)
        while len(of_series) > MOST_KEPT:
            del of_series[min(of_series, key=lambda each: of_series[each].sequence)]
        return _factor(each.verdict for each in of_series.values())

    def forget(self, keys: Iterable[str]) -> None:
        """These series are not there any more."""
        for key in keys:
            self._said.pop(key, None)

    def dump(self) -> bytes:
        """For `load`."""
        return msgspec.msgpack.encode(self._said)

    @staticmethod
    def load(data: bytes) -> "Judgements":
        """The inverse of `dump`."""
        return Judgements(msgspec.msgpack.decode(data, type=_Known))


def _factor(verdicts: Iterable[Verdict]) -> float:
    noise = sum(1 if each is Verdict.NOISE else -1 for each in verdicts)
    return min(max(STEP**noise, LEAST), MOST)

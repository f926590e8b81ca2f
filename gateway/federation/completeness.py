"""How whole an answer of many clusters is: its HTTP status, and who is missing from it and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from contracts.refusals import Code, Refused
from gateway.federation.outcome import ClusterAnswer, Status

_ANSWERED = frozenset({Status.SUCCESS, Status.PARTIAL})
_WRONG_QUESTION = frozenset({Code.INVALID_PROMQL, Code.INVALID_LOGQL, Code.INVALID_TRACEQL})


class MissingCluster(msgspec.Struct, frozen=True):
    """A cluster that is not in the answer, and why."""

    cluster_id: UUID
    cluster_name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """How whole an answer is."""

    status: int
    clusters_queried: int
    clusters_succeeded: int
    missing: tuple[MissingCluster, ...]
    code: Code | None = None
    """Of the error, when no cluster has answered."""

    def fields(self) -> dict[str, Any]:
        """What an answer says of itself."""
        return {
            "clusters_queried": self.clusters_queried,
            "clusters_succeeded": self.clusters_succeeded,
            "missing": self.missing,
        }

    def or_refused(self, details: dict[str, Any]) -> "Completeness":
        """Itself if any cluster has answered (or none was asked); else Refused with the details."""
        if self.code is None:
            return self
        raise Refused(self.code, self._reason(), details)

    def _reason(self) -> str:
        reasons = {each.reason for each in self.missing}
        if len(reasons) == 1:
            return reasons.pop()
        return f"none of the {self.clusters_queried} clusters has answered; details say why"


def completeness(answers: Sequence[ClusterAnswer]) -> Completeness:
    """200 when all clusters answered, 206 when some did, 502 when none did, 504 when all were late.

    An answer that its backend calls partial is an answer. When every cluster finds the same fault
    with the question itself, the status is that of this code: 400.
    """
    missing = tuple(_missing(answer) for answer in answers if answer.status not in _ANSWERED)
    asked, succeeded = len(answers), len(answers) - len(missing)
    code = _code(answers) if missing and not succeeded else None
    status = code.status if code else 206 if missing else 200
    return Completeness(status, asked, succeeded, missing, code)


def _code(answers: Sequence[ClusterAnswer]) -> Code:
    codes = {answer.code for answer in answers}
    if len(codes) == 1 and (only := codes.pop()) in _WRONG_QUESTION:
        return only or Code.UPSTREAM_FAILED
    late = all(answer.status is Status.TIMEOUT for answer in answers)
    return Code.QUERY_TIMEOUT if late else Code.UPSTREAM_FAILED


def _missing(answer: ClusterAnswer) -> MissingCluster:
    code = answer.code or Code.UPSTREAM_FAILED
    reason = answer.message or "it has not answered"
    return MissingCluster(answer.cluster.id, answer.cluster.name, code.name, reason)

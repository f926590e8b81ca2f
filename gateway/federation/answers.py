"""An answer of the fleet: what the clusters' answers are made into, and how it is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from contracts.refusals import Code
from contracts.telemetry import Described
from gateway.federation.across import CLUSTER
from gateway.federation.cache import CacheMark, Kept, Result
from gateway.federation.combine import Aggregation, Combination, doubt, respelled
from gateway.federation.completeness import Completeness
from gateway.federation.outcome import ClusterAnswer, Status
from gateway.federation.promql import Parsed, Returned, across

T = TypeVar("T")
_ANSWERED = frozenset({Status.SUCCESS, Status.PARTIAL})
_UNREADABLE = "its Prometheus sent what cannot be read; look whether prometheus_url leads to one"
_LIST = msgspec.json.Decoder(list[str])
_SERIES = msgspec.json.Decoder(list[dict[str, str]])
_METADATA = msgspec.json.Decoder(dict[str, list[dict[str, str]]])


@dataclass(frozen=True, slots=True)
class Federated:
    """What the fleet has answered."""

    kept: Kept
    completeness: Completeness
    cache: CacheMark
    took_ms: float = 0.0

    @property
    def results(self) -> tuple[Result, ...]:
        """One for each cluster; or first the combined one, then those of who failed."""
        return self.kept.results

    @property
    def size(self) -> int:
        """Bytes of its JSON, roughly."""
        return self.kept.size

    def in_ms(self, took_ms: float) -> "Federated":
        """The same, as it took whoever hears of it now."""
        return replace(self, took_ms=took_ms)

    def or_refused(self) -> "Federated":
        """Itself if any cluster has answered or none was asked; else Refused, with the results."""
        results: list[dict[str, Any]] = [
            self._head(each) | {"data": msgspec.Raw(b"[]")} for each in self.results
        ]
        self.completeness.or_refused({"results": results} | self._told())
        return self

    def fields(self, shape: type[T]) -> T:
        """What `fielded` has put into it, read as this shape."""
        return msgspec.json.decode(b"".join(self.results[0].data), type=shape)

    def fields_or_refused(self) -> "Federated":
        """As `or_refused`, of an answer that has fields of its own."""
        if self.completeness.code is not None:
            self.completeness.or_refused(self.fields(dict[str, msgspec.Raw]) | self._told())
        return self

    def telling(self, fields: Mapping[str, Any] | None = None) -> Iterator[bytes]:
        """Its JSON: fields of its own, or these in their place, and what is said of the whole."""
        given = self.results[0].data if fields is None else (msgspec.json.encode(fields),)
        yield from given[:-1]
        yield given[-1][:-1] + b"," + msgspec.json.encode(self._told())[1:]

    def pieces(self) -> Iterator[bytes]:
        """Its JSON: ``results`` and what is said of the whole."""
        before = b'{"results":['
        for result in self.results:
            yield before + msgspec.json.encode(self._head(result))[:-1] + b',"data":'
            yield from result.data or (b"[]",)
            before = b"},"
        yield b'{"results":[' if not self.results else b"}"
        yield b"]," + msgspec.json.encode(self._told())[1:]

    def described(self) -> Iterator[bytes]:
        """Its JSON where there is one ``data`` of all clusters."""
        yield b'{"data":'
        yield from self.results[0].data
        yield b"," + msgspec.json.encode(self._told())[1:]

    def _head(self, result: Result) -> dict[str, Any]:
        return {
            "cluster_id": None if result.cluster_id is None else str(result.cluster_id),
            "cluster_name": result.cluster_name,
            "status": result.status,
            "result_type": result.result_type,
            "code": result.code,
            "error": result.error,
            "warnings": result.warnings,
            "query_time_ms": result.query_time_ms,
            "cached": self.cache is CacheMark.HIT,
        }

    def _told(self) -> dict[str, Any]:
        whole = self.completeness
        return {
            "clusters_queried": whole.clusters_queried,
            "clusters_succeeded": whole.clusters_succeeded,
            "missing": msgspec.to_builtins(whole.missing),
            "warnings": self.kept.warnings,
            "total_query_time_ms": self.took_ms,
        }


@dataclass(frozen=True, slots=True)
class Made:
    """What clusters' answers were made into; answers that could not be read are errors now."""

    kept: Kept
    answers: Sequence[ClusterAnswer]
    lasting: bool = True
    """Whether it may be kept, if all clusters have answered."""

    @property
    def whole(self) -> bool:
        """What a faulty cluster had a part in is kept by nobody."""
        return self.lasting and all(each.status is Status.SUCCESS for each in self.answers)


def fielded(
    fields: Mapping[str, Any], answers: Sequence[ClusterAnswer], *, lasting: bool = True
) -> Made:
    """Fields of one answer, of which there is one at least."""
    one = Result(status=Status.SUCCESS, data=(msgspec.json.encode(fields),))
    read = [replace(each, parts=()) for each in answers]
    return Made(Kept((one,), tuple(_warnings(read)), len(read)), read, lasting)


def merged(parsed: Parsed, answers: Sequence[ClusterAnswer]) -> Made:
    """Each cluster's answer as it came."""
    read: list[ClusterAnswer] = []
    results: list[Result] = []
    for answer in answers:
        data, told = _readable(answer, lambda it: respelled(_kind(it), it.parts))
        read.append(told)
        results.append(_result(told, data or ()))
    return Made(Kept(tuple(results), parsed.warnings, len(read)), read)


def combined(how: Aggregation, parsed: Parsed, answers: Sequence[ClusterAnswer]) -> Made:
    """All clusters' series in one result; then who has not answered."""
    made = Combination(how)
    read = [_readable(each, lambda it: made.add(_kind(it), it.body))[1] for each in answers]
    failed = [_result(each, ()) for each in read if each.status not in _ANSWERED]
    answered = [each for each in read if each.status in _ANSWERED]
    warnings = [*parsed.warnings, *_warnings(answered), *_doubts(how, parsed, read, made)]
    partial = failed or any(each.status is Status.PARTIAL for each in answered)
    one = Result(
        status=Status.PARTIAL if partial else Status.SUCCESS,
        result_type=_type(answered[0]) if answered else None,
        data=tuple(made.pieces()),
        query_time_ms=max((each.took_ms for each in answered), default=0.0),
    )
    results = (one, *failed) if answered else tuple(failed)
    return Made(Kept(results, tuple(warnings), len(read)), read)


def united(what: Described, limit: int | None, answers: Sequence[ClusterAnswer]) -> Made:
    """What any of the clusters has, sorted, each once."""
    union = _Union(what)
    read = [_readable(each, union.add)[1] for each in answers]
    answered = [each for each in read if each.status in _ANSWERED]
    one = Result(status=Status.SUCCESS, data=(union.encoded(limit),))
    return Made(Kept((one,), tuple(_warnings(answered)), len(read)), read)


class _Union:
    """Names, or series, or metadata, of several clusters."""

    def __init__(self, what: Described) -> None:
        self._what = what
        self._names: set[str] = set()
        self._metadata: dict[str, list[dict[str, str]]] = {}

    def add(self, answer: ClusterAnswer) -> None:
        """Those of one cluster; a series is told with the ``cluster`` that has it."""
        match self._what:
            case Described.SERIES:
                for labels in _SERIES.decode(answer.body or b"[]"):
                    self._names.add(_labelled(labels, answer.cluster.name))
            case Described.METADATA:
                for name, told in _METADATA.decode(answer.body or b"{}").items():
                    known = self._metadata.setdefault(name, [])
                    known += [each for each in told if each not in known]
            case _:
                self._names.update(_LIST.decode(answer.body or b"[]"))

    def encoded(self, limit: int | None) -> bytes:
        """All of them as JSON, in their order."""
        if self._what is Described.METADATA:
            names = sorted(self._metadata)[:limit]
            return msgspec.json.encode({name: self._metadata[name] for name in names})
        found = sorted(self._names)[:limit]
        if self._what is Described.SERIES:
            return ("[" + ",".join(found) + "]").encode()
        return msgspec.json.encode(found)


def _labelled(labels: dict[str, str], cluster: str) -> str:
    own = labels.pop(CLUSTER, None)
    if own is not None:
        labels["exported_" + CLUSTER] = own
    told = {CLUSTER: cluster} | dict(sorted(labels.items()))
    return msgspec.json.encode(told).decode()


def _readable(
    answer: ClusterAnswer, read: Callable[[ClusterAnswer], Any]
) -> tuple[Any, ClusterAnswer]:
    """What is read of it, and the answer without its parts; an error if it cannot be read."""
    if answer.status not in _ANSWERED:
        return None, answer
    try:
        found = read(answer)
    except (msgspec.DecodeError, ValueError):
        code = Code.UPSTREAM_FAILED
        wrong = replace(answer, status=Status.ERROR, parts=(), code=code, message=_UNREADABLE)
        return None, wrong
    return found, replace(answer, parts=())


def _doubts(
    how: Aggregation, parsed: Parsed, read: Sequence[ClusterAnswer], made: Combination
) -> Iterator[str]:
    doubted = doubt(how, *across(parsed))
    if doubted:
        yield doubted
    missing = sum(each.status not in _ANSWERED for each in read)
    if missing:
        yield f"{missing} of {len(read)} clusters are missing from the {how}"
    if parsed.returns is Returned.MATRIX:
        yield "samples of a range have times of their own: only those of equal times are combined"
    if made.left_out:
        yield f"{made.left_out} series with native histograms are left out: they are not combined"


def _warnings(answered: Sequence[ClusterAnswer]) -> Iterator[str]:
    for answer in answered:
        for warning in answer.notes:
            yield f"{answer.cluster.name}: {warning}"


def _result(answer: ClusterAnswer, data: tuple[bytes, ...]) -> Result:
    return Result(
        status=answer.status,
        cluster_id=answer.cluster.id,
        cluster_name=answer.cluster.name,
        result_type=_type(answer) if answer.status in _ANSWERED else None,
        data=data,
        code=None if answer.code is None else answer.code.name,
        error=answer.message,
        warnings=answer.notes,
        query_time_ms=answer.took_ms,
    )


def _kind(answer: ClusterAnswer) -> str:
    return str(answer.told.get("kind", ""))


def _type(answer: ClusterAnswer) -> str | None:
    return _kind(answer).upper() or None

"""The report of one incident: what happened, why, what it hit, what to do, and what is unsure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from contracts.spoken import (
    place_in_words,
    sentence_in_words,
    signal_in_words,
    title_in_words,
)
from contracts.spoken_events import event_in_words
from services.reports.data import (
    Cell,
    Column,
    Figure,
    InScope,
    Item,
    Section,
    Table,
    Tone,
    cells,
    first,
    plain,
)
from services.reports.gathering.found import Found
from services.reports.gathering.reading import Json, Reading, moment_of, span

STEPS = ("reading the incident", "reading its signals", "reading its root cause")
_MOST_SIGNALS = 1_000
_MOST_ROWS = 60
_MOST_ENTRIES = 500
"""Of the timeline."""
_MOST_CAUSES = 3
_MOST_CITED = 6
_TONES = {"CRITICAL": Tone.BAD, "WARNING": Tone.WARNING}
_MARK = {True: "fact", False: "hypothesis"}


async def gather(reading: Reading) -> Found:
    """All of it; INCIDENT_NOT_FOUND if there is no such incident for who asks."""
    where = f"/incidents/{reading.asked.incident_id}"
    await reading.tell(STEPS[0])
    one = await reading.needed(where)
    await reading.tell(STEPS[1])
    async with reading.at_once() as begin:
        timeline = begin(Reading.newest_of, "the timeline", f"{where}/timeline", _MOST_ENTRIES)
        listed = begin(Reading.all_of, "signals", f"{where}/signals", _MOST_SIGNALS)
    told, (signals, total) = timeline.result(), listed.result()
    await reading.tell(STEPS[2])
    cause = await _analysis(reading)
    if one["redacted"]:
        reading.gap("clusters", "the incident is about others as well, which are not shown")
    sections = (
        _glance(one, total, reading.at),
        _impact(one, signals),
        _timeline(told, cause),
        *_causes(cause),
        _actions(cause),
        _replay(one),
    )
    clusters = tuple(
        InScope(id=each["id"], name=plain(each["name"] or each["id"], 200))
        for each in one["clusters"]
    )
    facts: Json = {"incident": {**one}, "signals": signals[:20]}
    facts["incident"] |= {"alert_ids": [], "timeline": []}
    return Found(_words(one, cause, reading.at), sections, clusters, facts | _shown(cause))


async def _analysis(reading: Reading) -> Json | None:
    query = {"incident_id": str(reading.asked.incident_id), "page_size": 1}
    listed = await reading.get("the root cause", "/analysis/rca", **query)
    if not listed or not listed["items"]:
        return None
    found = await reading.get("the root cause", f"/analysis/rca/{listed['items'][0]['id']}")
    return None if found is None or found["redacted"] else found


def _shown(cause: Json | None) -> Json:
    """Of an analysis what is told in words."""
    if cause is None:
        return {}
    kept = ("is_known", "causes", "explanation", "actions", "window_start", "window_end")
    told = {name: cause[name] for name in kept}
    return {"analysis": told | {"causes": cause["causes"][:_MOST_CAUSES]}}


def _lasted(one: Json, now: datetime) -> str:
    begun = moment_of(one["opened_at"])
    ended = one["resolved_at"]
    length = span(((now if ended is None else moment_of(ended)) - begun).total_seconds())
    return length if ended is not None else f"{length} so far"


def _words(one: Json, cause: Json | None, now: datetime) -> str:
    names = ", ".join(plain(each["name"] or each["id"], 80) for each in one["clusters"][:5])
    told = (
        f"{plain(title_in_words(one['title']), 200)}: {one['severity'].lower()},"
        f" {one['state'].lower()}, lasted {_lasted(one, now)}; {one['signals']:,} signals in"
        f" {len(one['clusters'])} clusters ({names})."
    )
    if cause is None:
        return f"{told} Its root cause was not looked for, or is not known here."
    if not cause["causes"]:
        return f"{told} The analysis found no cause."
    best = cause["causes"][0]
    sure = "The cause is" if cause["is_known"] else "The cause is not known; most likely is"
    return f"{told} {sure} {_entity(best, one)} ({plain(best['kind'], 100)})."


def _entity(told: Json, one: Json) -> str:
    names = {each["id"]: each["name"] or each["id"] for each in one["clusters"]}
    entity = told["entity"]
    cluster = names.get(entity["cluster_id"], entity["cluster_id"])
    if entity["place"] == "cluster":
        return plain(f"the cluster {cluster}", 300)
    return plain(f"{place_in_words(entity['place'])} in {cluster}", 300)


def _glance(one: Json, signals: int, now: datetime) -> Section:
    by = one["acknowledged_by"]
    resolved = one["resolved_by"] or ("by itself" if one["resolved_at"] else "not yet")
    return Section(
        heading="At a glance",
        figures=(
            Figure(label="Severity", value=one["severity"], tone=_TONES.get(one["severity"])),
            Figure(label="State", value=one["state"]),
            Figure(label="Duration", value=_lasted(one, now)),
            Figure(label="Signals", value=f"{signals:,}"),
            Figure(label="Of these lasting", value=f"{one['lasting']:,}"),
            Figure(label="Clusters", value=f"{len(one['clusters']):,}"),
            Figure(label="Taken up by", value=plain(by or "nobody", 100)),
            Figure(label="Resolved", value=plain(resolved, 100)),
        ),
    )


def _impact(one: Json, signals: Sequence[Json]) -> Section:
    places: dict[str, set[str]] = {}
    by_cluster: Counter[str] = Counter()
    names = {each["id"]: each["name"] or each["id"] for each in one["clusters"]}
    for signal in signals:
        by_cluster[signal["cluster_id"]] += 1
        for place in signal["where"]:
            kind, _, name = place.partition("/")
            places.setdefault(kind, set()).add(f"{signal['cluster_id']}/{name}")
    kinds = ("namespace", "workload", "pod", "node", "gpu", "service")
    rows, left = first(_signal_rows(signals), _MOST_ROWS)
    return Section(
        heading="Impact",
        text=() if signals else ("No signal of it could be read.",),
        figures=tuple(
            Figure(label=f"{kind.capitalize()}s", value=f"{len(places[kind]):,}")
            for kind in kinds
            if kind in places
        ),
        tables=(
            Table(
                title="Signals by cluster",
                columns=(Column(name="Cluster"), Column(name="Signals", is_number=True)),
                rows=tuple(
                    cells(Cell(text=plain(names.get(of, of), 200), link=f"/clusters/{of}"), count)
                    for of, count in by_cluster.most_common(_MOST_ROWS)
                ),
            ),
            Table(
                title="Signals, those that came last first",
                columns=tuple(
                    Column(name=name)
                    for name in ("Began", "Severity", "What", "Where", "Ended", "Event")
                ),
                rows=rows,
                left_out=left + max(one["signals"] - len(signals), 0),
            ),
        ),
    )


def _signal_rows(signals: Sequence[Json]) -> Iterator[tuple[Cell, ...]]:
    for each in signals:
        where = place_in_words(each["where"][0]) if each["where"] else "the whole cluster"
        yield cells(
            _time(each["started_at"]),
            Cell(text=each["severity"], tone=_TONES.get(each["severity"])),
            plain(signal_in_words(each["name"]), 200),
            plain(f"{where} in {each['cluster_name'] or each['cluster_id']}", 300),
            _time(each["ended_at"]) if each["ended_at"] else "lasts",
            _event(each["sequence"]),
        )


def _event(sequence: int) -> Cell:
    return Cell(text=f"event {sequence}", link=f"/events?event={sequence}")


def _time(text: str) -> str:
    return moment_of(text).strftime("%d %b %H:%M:%S")


def _timeline(told: Sequence[Json], cause: Json | None) -> Section:
    moments: list[tuple[str, tuple[Cell, ...]]] = []
    for each in told:
        what = f"{event_in_words(each['event_type'])}: {_reason(each)}"
        row = cells(_time(each["at"]), plain(what, 400), each["actor"], _event(each["sequence"]))
        moments.append((each["at"], row))
    for each in () if cause is None else cause["timeline"]:
        event = "seen live" if each["sequence"] is None else _event(each["sequence"])
        place = place_in_words(each["entity"]["place"])
        what = plain(f"{place}: {sentence_in_words(each['text'])}", 400)
        moments.append((each["at"], cells(_time(each["at"]), what, "", event)))
    # Times of one source are written alike, those of two need not be.
    moments.sort(key=lambda each: moment_of(each[0]))
    # How it began, and how it ended or stands; what is left out is in between.
    begin = [row for _, row in moments[: _MOST_ROWS // 2]]
    end = [row for _, row in moments[_MOST_ROWS // 2 :]][-(_MOST_ROWS * 2 - len(begin)) :]
    rows, left = (*begin, *end), len(moments) - len(begin) - len(end)
    columns = tuple(Column(name=name) for name in ("Time (UTC)", "What", "By", "Event"))
    table = Table(title="What happened, in order", columns=columns, rows=rows, left_out=left)
    return Section(heading="Timeline", tables=(table,))


def _reason(entry: Json) -> str:
    """What people have written stays as they have written it."""
    reason: str | None = entry["reason"]
    if reason is None:
        return "not shown"
    return sentence_in_words(reason) if entry["actor"].startswith("service:") else reason


def _causes(cause: Json | None) -> Iterator[Section]:
    if cause is None:
        text = "Its root cause was not looked for, or may not be shown here."
        yield Section(heading="Root cause", text=(text,))
        return
    known = "The cause is known." if cause["is_known"] else "The cause is not known: hypotheses."
    yield Section(
        heading="Root cause", text=(known, plain(sentence_in_words(cause["explanation"])))
    )
    doubts: list[Item] = []
    for rank, each in enumerate(cause["causes"][:_MOST_CAUSES], start=1):
        place = place_in_words(each["entity"]["place"])
        yield Section(
            heading=plain(
                f"Cause {rank}: {place} ({each['kind']}), score {each['score']:.2f}", 300
            ),
            items=tuple(_claim(claim, cause) for claim in each["claims"]),
        )
        doubts += [
            Item(text=plain(f"{place}: {sentence_in_words(doubt)}")) for doubt in each["doubts"]
        ]
    looks: list[Json] = cause["live"]["looks"]
    doubts += [
        Item(
            text=plain(
                f"{each['backend'].capitalize()} did not answer all that it was asked:"
                f" {each['failure']}"
            )
        )
        for each in looks
        if each["failure"]
    ]
    nothing = () if doubts else ("Nothing that speaks against it was found.",)
    yield Section(heading="Doubts", text=nothing, items=tuple(doubts))


def _claim(claim: Json, cause: Json) -> Item:
    cited: list[int] = [*claim["cited"], *claim["effects"]]
    evidence = [_event(sequence) for sequence in dict.fromkeys(cited[:_MOST_CITED])]
    seen: list[Any] = cause["live"]["seen"]
    evidence += [
        Cell(text=plain(f"{seen[at]['backend']}: {seen[at]['query']}", 300))
        for at in claim["seen"][:_MOST_CITED]
        if at < len(seen)
    ]
    more = len(cited) - _MOST_CITED
    if more > 0:
        evidence.append(Cell(text=f"and {more} more events"))
    tone = Tone.GOOD if claim["is_fact"] else Tone.WARNING
    text = plain(f"({_MARK[claim['is_fact']]}) {sentence_in_words(claim['text'])}")
    return Item(text=text, evidence=tuple(evidence), tone=tone)


def _actions(cause: Json | None) -> Section:
    told: list[Json] = [] if cause is None else cause["actions"]
    return Section(
        heading="What to do",
        text=() if told else ("Nothing is suggested: the cause is not known.",),
        items=tuple(Item(text=plain(each["text"]), code=plain(each["command"])) for each in told),
    )


def _replay(one: Json) -> Section:
    begun = moment_of(one["opened_at"]).strftime("%Y-%m-%dT%H:%M:%SZ")
    incident = f"/incidents/{one['id']}"
    return Section(
        heading="See it again",
        items=(
            Item(
                text="The hub as it was when this began; step on from event to event.",
                evidence=(Cell(text="replay", link=f"{incident}?as_of={begun}"),),
            ),
            Item(
                text="The incident as it is now.",
                evidence=(Cell(text="incident", link=incident),),
            ),
        ),
    )

"""What has happened, and how it was, in words."""

from collections import Counter
from collections.abc import Iterator

from contracts.spoken import sentence_in_words, signal_in_words, title_in_words
from contracts.spoken_events import event_in_words
from services.chat.analyst.reading import Json, part, parts, speaking, text
from services.chat.analyst.telling.alerts import alerts
from services.chat.analyst.telling.clusters import fleet
from services.chat.analyst.telling.incidents import incidents
from services.chat.analyst.telling.said import (
    MOST_ROWS,
    View,
    moment,
    number,
    of_many,
    quoted,
    word,
)

_TOLD = ("title", "alertname", "metric_name", "name", "node_name")
_MORE = ("reason", "explanation", "description", "text", "state", "severity")


def history(data: Json, view: View) -> list[str]:
    """Which kinds of events there are, and the newest of them."""
    every = parts(data, "items")
    rows = speaking(every, view.terms)
    start, end = view.arguments.get("start_time"), view.arguments.get("end_time")
    time = f" from {moment(start)} to {moment(end)}" if start and end else ""
    kind = view.arguments.get("entity_type")
    of = f" of {quoted(kind, 40)}" if kind else ""
    if not rows:
        return [f"**Events{of}**{time}: none."]
    by = Counter(text(each, "event_type") for each in rows)
    kinds = ", ".join(f"{number(many)} {_type(name)}" for name, many in by.most_common(8))
    return [
        f"**Events{of}**{time}: {number(len(rows))} were told ({kinds}). The newest:",
        "",
        *map(_line, rows[:MOST_ROWS]),
        *of_many(len(rows), len(rows)),
        *_goes_on(every, view),
    ]


def _goes_on(every: list[Json], view: View) -> list[str]:
    if not view.goes_on:
        return []
    text = f"Only the newest {number(len(every))} events of that time were read: ask for a shorter"
    return ["", f"{text} time, or for one cluster, to have all of them."]


def _line(one: Json) -> str:
    place = text(one, "cluster_name")
    where = f" in {quoted(place, 60)}" if place else ""
    told = list(_told(part(one, "payload")))
    said = f": {', '.join(told)}" if told else ""
    return (
        f"- {moment(one.get('timestamp'))} {_type(text(one, 'event_type'))}{where}{said}"
        f" [event {number(one.get('sequence')).replace(',', '')}]"
    )


def _type(name: str) -> str:
    return quoted(event_in_words(name), 60)


def _told(payload: Json) -> Iterator[str]:
    """What of it says most: at the top, or in the one thing that it carries."""
    inner = [payload, *(part(payload, name) for name in payload if part(payload, name))][:6]
    found = next((text(each, *_TOLD) for each in inner if text(each, *_TOLD)), "")
    if found:
        yield quoted(signal_in_words(title_in_words(found)), 100)
    old, new = text(payload, "old_state"), text(payload, "new_state")
    if new:
        yield f"{word(old)} to {word(new)}" if old else word(new)
    why = next((text(each, *_MORE) for each in inner if text(each, *_MORE)), "")
    if why and why != new:
        yield word(why) if why.isupper() else quoted(sentence_in_words(why), 160)


def as_of(data: Json, view: View) -> list[str]:
    """The fleet at a moment."""
    lines = [f"**As of {moment(data.get('time'))}:**", "", *fleet(part(data, "fleet"), view)]
    lines += ["", *incidents(part(data, "incidents"), view)]
    return [*lines, "", *alerts(part(data, "alerts"), view)]

"""What events of anomalies leave in the tables, as reads tell it."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.rest.documented_anomalies import AnomalyList
from projections.anomalies.view import AnomalyView
from services.runtime.principals import Scope
from services.runtime.queries import AsOf, Page
from services.runtime.settings import DatabaseSettings
from tests.kit import anomaly_builders as made, builders, incident_builders as incidents
from tests.kit.anomaly_rows import AnomalyTables, anomaly_tables
from tests.kit.incident_rows import then

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

ONE = made.ANOMALY_ID
FAR = builders.OTHER_CLUSTER_ID


@pytest.fixture
async def tables(fresh_database: DatabaseSettings) -> AsyncGenerator[AnomalyTables]:
    """Empty ones."""
    async with anomaly_tables(fresh_database) as found:
        yield found


def _ids(found: Any) -> list[int]:
    return [UUID(each["id"]).int for each in found["items"]]


def _signal(number: int, **changes: Any) -> Any:
    told = {"kind": "ANOMALY", "name": "cart_seconds", "severity": "WARNING"}
    return incidents.signal(id=UUID(int=number), **(told | changes))


async def test_an_anomaly_is_shown_whole(tables: AnomalyTables) -> None:
    await tables.happen(builders.registered(), made.detected())
    found = AnomalyView.model_validate(await tables.one(ONE))
    assert found.model_dump(include=set(made.Anomaly.model_fields)) == made.anomaly().model_dump()
    assert (found.cluster_name, found.state) == ("edge-berlin-1", "OPEN")
    assert (found.feedback, found.incident_id, found.ended_at) == (None, None, None)
    page = AnomalyList.model_validate(await tables.list())
    assert page.items == [found]
    assert (page.total, page.total_at_least, page.next_cursor) == (1, False, None)


async def test_it_ends_with_what_is_told_then(tables: AnomalyTables) -> None:
    last = await tables.happen(made.detected())
    await tables.happen(made.anomaly_ended(severity="MEDIUM", actual_value=2.5))
    found = AnomalyView.model_validate(await tables.one(ONE))
    assert (found.state, found.ended_at) == ("ENDED", builders.at(300))
    assert (found.severity, found.actual_value) == ("MEDIUM", 2.5)
    before = AnomalyView.model_validate(await tables.one(ONE, as_of=last))
    assert (before.state, before.severity, before.ended_at) == ("OPEN", "HIGH", None)
    assert await tables.one(ONE, as_of=last - 1) is None


async def test_values_that_are_not_known_are_null(tables: AnomalyTables) -> None:
    unknown = {"watch_id": None, "expected_value": None, "deviation_percent": None, "evidence": ()}
    await tables.happen(made.detected(labels={}, **unknown))
    found = AnomalyView.model_validate(await tables.one(ONE))
    assert found.model_dump(include=set(unknown)) == unknown
    assert (found.cluster_name, found.labels) == (None, {})


async def test_what_is_redelivered_changes_nothing(tables: AnomalyTables) -> None:
    await tables.happen(made.detected(), made.feedback_given(), made.anomaly_ended())
    then_it_is = await tables.one(ONE)
    for start in range(3):
        await tables.fold(tables.log[start:])
        await tables.fold(tables.log[start : start + 1])
    assert await tables.one(ONE) == then_it_is
    assert (await tables.one(ONE, as_of=1))["state"] == "OPEN"
    assert (await tables.one(ONE, as_of=3)) == then_it_is


@pytest.mark.parametrize(
    "order",
    [("began", "judged", "ended"), ("began", "ended", "judged"), ("judged", "began", "ended")],
)
async def test_what_is_said_of_it_comes_at_any_time(
    tables: AnomalyTables, order: tuple[str, ...]
) -> None:
    events = {
        "began": made.detected(),
        "judged": made.feedback_given(),
        "ended": made.anomaly_ended(),
    }
    for name in order:
        await tables.happen(events[name], actor="ada")
    found = AnomalyView.model_validate(await tables.one(ONE))
    assert found.state == "ENDED"
    assert found.feedback is not None
    told = found.feedback.verdict, found.feedback.comment, found.feedback.given_by
    assert told == ("NOISE", "a backup", "ada")
    assert found.feedback.given_at == builders.at(order.index("judged") + 1)


async def test_the_last_word_counts(tables: AnomalyTables) -> None:
    first = await tables.happen(made.detected(), made.feedback_given(), actor="ada")
    await tables.happen(made.feedback_given(verdict="USEFUL", comment="a\0b"), actor="bob")
    feedback = (await tables.one(ONE))["feedback"]
    assert (feedback["verdict"], feedback["given_by"]) == ("USEFUL", "bob")
    assert feedback["comment"] == "a\ufffdb"
    before = await tables.one(ONE, as_of=first)
    assert (before["feedback"]["verdict"], before["feedback"]["comment"]) == ("NOISE", "a backup")
    assert (await tables.one(ONE, as_of=first - 1))["feedback"] is None


async def test_it_belongs_to_the_incident_that_its_signal_is_of(tables: AnomalyTables) -> None:
    one, other = incidents.INCIDENT_ID, incidents.OTHER_INCIDENT_ID
    for number in (1, 2, 3):
        await tables.happen(made.detected(id=UUID(int=number), detected_at=builders.at(-number)))

    async def belong(as_of: int | None = None) -> list[UUID | None]:
        page = AnomalyList.model_validate(await tables.list(as_of=then(as_of)))
        return [each.incident_id for each in page.items]

    alert = incidents.signal(id=UUID(int=3))
    opened = await tables.happen(incidents.opened(added=(_signal(1), alert)))
    assert await belong() == [one, None, None]
    joined = incidents.joined(**_signal(2).model_dump())
    await tables.happen(incidents.incident_updated(added=(joined,), ended=()))
    assert await belong() == [one, one, None]
    of_other = incidents.incident(id=other)
    split = await tables.happen(
        incidents.split(incident=of_other, other_id=one, moved=(UUID(int=2),), from_other=True)
    )
    assert await belong() == [one, other, None]
    ends = incidents.incident(id=other, state="RESOLVED", merged_into=one)
    await tables.happen(incidents.merged(incident=ends, other_id=one))
    assert await belong() == [one, one, None]
    assert await belong(split) == [one, other, None]
    assert await belong(opened) == [one, None, None]


async def test_anomalies_are_found_by_what_they_are(tables: AnomalyTables) -> None:
    await tables.happen(
        made.detected(id=UUID(int=1), detected_at=builders.at(10), severity="LOW"),
        made.detected(
            id=UUID(int=2), detected_at=builders.at(20), cluster_id=FAR, watch_id="other",
            metric_name="up", labels={"job": "a=b"}, anomaly_type="DROP",
        ),
        made.detected(
            id=UUID(int=3), detected_at=builders.at(30), detection_type="ML_BASED",
            severity="MEDIUM", watch_id=None,
        ),
        made.anomaly_ended(id=UUID(int=4), detected_at=builders.at(40), ended_at=builders.at(50)),
        made.feedback_given(anomaly_id=UUID(int=1), verdict="USEFUL"),
        made.feedback_given(anomaly_id=UUID(int=2)),
    )  # fmt: skip
    asked: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [4, 3, 2, 1]),
        ({"cluster_id": [FAR]}, [2]),
        ({"cluster_id": [FAR, builders.CLUSTER_ID]}, [4, 3, 2, 1]),
        ({"watch_id": ["other", "nothing"]}, [2]),
        ({"metric": ["up"]}, [2]),
        ({"severity": ["MEDIUM"]}, [3]),
        ({"severity": ["LOW", "HIGH"]}, [4, 2, 1]),
        ({"anomaly_type": ["DROP", "TREND_CHANGE"]}, [2]),
        ({"detection_type": ["ML_BASED"]}, [3]),
        ({"state": ["OPEN"]}, [3, 2, 1]),
        ({"state": ["ENDED"]}, [4]),
        ({"state": ["OPEN", "ENDED"]}, [4, 3, 2, 1]),
        ({"verdict": ["USEFUL"]}, [1]),
        ({"verdict": ["NOISE", "USEFUL"]}, [2, 1]),
        ({"verdict": ["NONE"]}, [4, 3]),
        ({"verdict": ["NONE", "NOISE"]}, [4, 3, 2]),
        ({"verdict": ["NONE", "NOISE", "USEFUL"]}, [4, 3, 2, 1]),
        ({"labels": [("job", "a=b")]}, [2]),
        ({"labels": [("namespace", "shop"), ("service", "cart")]}, [4, 3, 1]),
        ({"labels": [("namespace", "shop"), ("job", "a=b")]}, []),
        ({"sort": "severity"}, [4, 2, 3, 1]),
        ({"sort": "severity", "severity": ["LOW", "MEDIUM"]}, [3, 1]),
    ]
    for wanted, expected in asked:
        for as_of in (None, AsOf(6, None)):
            found = await tables.list(**wanted, as_of=as_of)
            assert (_ids(found), found["total"]) == (expected, len(expected)), wanted


async def test_labels_may_be_long(tables: AnomalyTables) -> None:
    long = {"namespace": "n" * 5000, "pod": "p" * 5000}
    await tables.happen(made.detected(id=UUID(int=1), labels=long))
    await tables.happen(made.detected(id=UUID(int=2), labels={"namespace": "n" * 128}))
    assert _ids(await tables.list(labels=[*long.items()])) == [1]
    assert _ids(await tables.list(labels=[("namespace", long["namespace"])])) == [1]
    assert _ids(await tables.list(labels=[("namespace", "n" * 128)])) == [2]
    assert _ids(await tables.list(labels=[("namespace", "n" * 127)])) == []


async def test_a_window_shows_what_was_within_it_or_a_part_of_it(tables: AnomalyTables) -> None:
    await tables.happen(
        made.anomaly_ended(id=UUID(int=1), detected_at=builders.at(0), ended_at=builders.at(10)),
        made.anomaly_ended(id=UUID(int=2), detected_at=builders.at(5), ended_at=builders.at(25)),
        made.detected(id=UUID(int=3), detected_at=builders.at(15)),
        # Clocks differ: it ends before it began, and is not refused for that.
        made.anomaly_ended(id=UUID(int=4), detected_at=builders.at(40), ended_at=builders.at(30)),
    )
    asked: list[tuple[float | None, float | None, list[int]]] = [
        (10, None, [4, 3, 2, 1]),
        (11, None, [4, 3, 2]),
        (11, 15, [2]),
        (None, 5, [1]),
        (26, 40, [3]),
        (41, 50, [3]),
        (40, 41, [4, 3]),
        (20, 20, []),
        (30, 20, []),
    ]
    for since, until, expected in asked:
        window: dict[str, Any] = {
            "since": None if since is None else builders.at(since),
            "until": None if until is None else builders.at(until),
        }
        assert _ids(await tables.list(**window)) == expected, (since, until)


async def test_pages_and_cursors_lead_through_all(tables: AnomalyTables) -> None:
    # Two began at the same time.
    for number in range(1, 8):
        began = builders.at(number // 2)
        await tables.happen(made.detected(id=UUID(int=number), detected_at=began))
    pages = [await tables.list(page=Page(number, 3)) for number in (1, 2, 3, 4)]
    assert [_ids(page) for page in pages] == [[7, 6, 5], [4, 3, 2], [1], []]
    assert {(page["total"], page["total_pages"]) for page in pages} == {(7, 3)}
    walked, cursor = list[int](), pages[0]["next_cursor"]
    while cursor is not None:
        part = await tables.list(page=Page(1, 3), after=cursor)
        walked += _ids(part)
        assert part["total"] == 7
        cursor = part["next_cursor"]
    assert walked == [4, 3, 2, 1]
    far = await tables.list(page=Page(1_000_000, 100))
    assert (far["items"], far["total"]) == ([], 7)
    assert (await tables.list(page=Page(1, 3), sort="severity"))["next_cursor"] is None


async def test_who_may_see_some_clusters_sees_these(tables: AnomalyTables) -> None:
    await tables.happen(
        made.detected(id=UUID(int=1)), made.detected(id=UUID(int=2), cluster_id=FAR)
    )
    mine = Scope(frozenset({FAR}))
    for as_of in (None, 2):
        assert _ids(await tables.list(mine, as_of=then(as_of))) == [2]
        assert await tables.one(UUID(int=1), mine, as_of) is None
        assert await tables.one(UUID(int=2), mine, as_of) is not None
    assert _ids(await tables.list(mine, cluster_id=[builders.CLUSTER_ID])) == []
    assert _ids(await tables.list(Scope(frozenset()))) == []


async def test_a_list_is_as_it_was_after_every_event(tables: AnomalyTables) -> None:
    was = [await tables.list()]
    for event in (
        builders.registered(),
        made.detected(id=UUID(int=1)),
        made.detected(id=UUID(int=2), detected_at=builders.at(5)),
        made.feedback_given(anomaly_id=UUID(int=1)),
        made.anomaly_ended(id=UUID(int=2), detected_at=builders.at(5)),
        incidents.opened(added=(_signal(1),)),
        made.feedback_given(anomaly_id=UUID(int=1), verdict="USEFUL"),
        made.anomaly_ended(id=UUID(int=1), severity="LOW"),
        builders.updated(),
    ):
        await tables.happen(event)
        was.append(await tables.list())
    for sequence, expected in enumerate(was):
        for at in (None, builders.at(60) + timedelta(days=1)):
            assert await tables.list(as_of=AsOf(sequence, at)) == expected, sequence


async def test_a_rebuild_in_other_batches_leaves_the_same_rows(tables: AnomalyTables) -> None:
    for number in range(3):
        told: dict[str, Any] = {"id": UUID(int=number)}
        await tables.happen(
            made.detected(**told),
            made.feedback_given(anomaly_id=UUID(int=number)),
            made.anomaly_ended(**told),
        )
    one_by_one = [await tables.list(as_of=then(sequence)) for sequence in range(10)]
    for name in ("anomaly", "anomaly_past", "feedback", "feedback_past"):
        await tables.connection.execute(f"truncate anomalies.{name}".encode())
    await tables.fold(tables.log)
    assert [await tables.list(as_of=then(sequence)) for sequence in range(10)] == one_by_one

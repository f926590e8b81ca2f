"""What follows from what a cluster's Alertmanager and Prometheus have, case by case."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.alerts import (
    Alert,
    AlertFired,
    AlertPending,
    AlertPendingEnded,
    AlertSilenced,
    AlertState,
    AlertUnsilenced,
    Ending,
    OpenAlert,
    pending_id,
)
from services.alerts import answers, domain, polled
from services.alerts.answers import Had
from services.alerts.domain import Head
from services.alerts.normalize import Observation, fingerprint
from services.alerts.polled import (
    NOT_MUTED,
    Margins,
    Muted,
    Pended,
    Poll,
    Polls,
    Sweeps,
)
from services.runtime.ids import new_id
from tests.services.alerts.histories import CLUSTER, LABELS, moment

ASKED = moment(1000)
LATER = moment(1000.001)
OLD = moment(-1000)
MARGINS = Margins()
NAME = "00000000000000ff"


def shown(*names: str, silenced_by: Any = (), since: float | None = 0, **status: Any) -> Had:
    """An Alertmanager with these alerts."""
    alerts: list[Any] = [
        {
            "fingerprint": name,
            "labels": LABELS,
            "annotations": {},
            "startsAt": "2026-03-01T12:00:00.123456789Z",
            "endsAt": "2026-03-01T12:30:00Z",
            "updatedAt": "2026-03-01T12:05:00Z",
            "receivers": [{"name": "hub"}],
            "status": {"state": "active", "silencedBy": silenced_by, "inhibitedBy": [], **status},
        }
        for name in names
    ]
    uptime = None if since is None else moment(since).isoformat()
    return answers.had(msgspec.json.encode({"status": {"uptime": uptime}, "alerts": alerts}))


def known(name: str = NAME, **changes: Any) -> OpenAlert:
    return OpenAlert.model_validate(
        {
            "id": new_id(),
            "cluster_id": CLUSTER,
            "fingerprint": name,
            "state": "FIRING",
            "starts_at": moment(0),
            "expires_at": None,
            "silenced_by": (),
            "inhibited_by": (),
        }
        | changes
    )


def observation(starts: float = 0) -> Observation:
    rule = {
        "labels": LABELS,
        "annotations": {"summary": "soon"},
        "state": "pending",
        "activeAt": moment(starts).isoformat(),
        "value": "1e+00",
    }
    (found,) = answers.pending(
        msgspec.json.encode({"alerts": [rule, rule | {"state": "firing"}]}), CLUSTER, ASKED
    ).values()
    return found


def alert() -> Alert:
    return domain.alert_of(observation())


def test_only_what_is_not_known_to_fire_is_decided_on() -> None:
    had = shown("aa", "bb", "cc")
    opened = [known("aa"), known("bb", state="PENDING")]
    assert polled.to_decide(had, opened, OLD) == ["bb", "cc"]


def test_what_may_have_to_be_renewed_is_decided_on_as_well() -> None:
    assert polled.to_decide(shown("aa"), [known("aa")], moment(0)) == ["aa"]


def test_a_shown_alert_is_a_current_report_of_its_start() -> None:
    (found,) = answers.firing(shown(NAME).shown.values(), CLUSTER, ASKED)
    assert (found.fingerprint, found.starts_at, found.received_at) == (
        NAME,
        moment(0.123456),
        ASKED,
    )
    assert found.current
    assert found.firing
    assert found.expires_at is None


def test_an_alert_that_makes_no_sense_is_left_out() -> None:
    body: Any = {"fingerprint": "aa", "labels": {}}
    had = answers.had(msgspec.json.encode({"status": {}, "alerts": [body]}))
    assert [*answers.firing(had.shown.values(), CLUSTER, ASKED)] == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"alerts":{}}', b'{"alerts":[1],"status":1}']
)
def test_an_answer_of_another_shape_is_not_read(body: bytes) -> None:
    with pytest.raises(answers.Unreadable):
        answers.had(body)
    with pytest.raises(answers.Unreadable):
        answers.pending(body, CLUSTER, ASKED)
    if body != b"[]":
        with pytest.raises(answers.Unreadable):
            answers.open_ones(body)


def test_what_fires_here_and_not_there_is_missing() -> None:
    missed = known("bb")
    opened = [known("aa"), missed, known("cc", state="PENDING")]
    assert polled.missing(shown("aa"), opened) == [missed]


def test_what_expires_is_missing_only_as_a_muted_one() -> None:
    expires = {"expires_at": moment(2000)}
    muted = known("bb", silenced_by=("s",), **expires)
    assert polled.missing(shown(), [known("aa", **expires), muted]) == [muted]
    head = Head(alert().model_copy(update={"id": muted.id}), OLD)
    assert polled.gone(head, muted, ASKED, ASKED) is None


def test_an_alertmanager_that_has_just_started_concludes_nothing() -> None:
    assert polled.concludes(shown(since=700), ASKED, MARGINS)
    assert not polled.concludes(shown(since=701), ASKED, MARGINS)
    assert not polled.concludes(shown(since=None), ASKED, MARGINS)


def test_what_is_missing_twice_in_a_row_is_gone_since_the_first_time() -> None:
    one, other, poll = known(), known(), Poll(CLUSTER)
    assert poll.missed([one], ASKED) == {}
    assert poll.missed([one, other], ASKED + timedelta(seconds=60)) == {one.id: ASKED}
    assert poll.missed([], ASKED + timedelta(seconds=120)) == {}
    assert poll.missed([one, other], ASKED + timedelta(seconds=180)) == {}, "it was back"


def test_it_ends_when_it_was_missing_first() -> None:
    open_alert = alert()
    end = polled.gone(Head(open_alert, OLD), known(id=open_alert.id), moment(940), ASKED)
    assert end == domain.resolved(open_alert, moment(940), Ending.GONE)


def test_nothing_ends_about_which_something_has_just_been_written() -> None:
    open_alert = alert()
    head, row = Head(open_alert, ASKED), known(id=open_alert.id, expires_at=moment(10))
    before = ASKED - MARGINS.settled
    assert polled.gone(head, row.model_copy(update={"expires_at": None}), ASKED, before) is None
    assert polled.expired(head, row, before) is None


def test_only_the_occurrence_that_was_meant_ends() -> None:
    open_alert = alert()
    assert polled.gone(Head(open_alert, OLD), known(), ASKED, ASKED) is None
    closed = domain.resolved(open_alert, moment(5)).alert
    assert polled.gone(Head(closed, OLD), known(id=open_alert.id), ASKED, ASKED) is None


def test_what_was_not_told_again_ends_when_it_expired() -> None:
    open_alert = alert()
    row = known(id=open_alert.id, expires_at=moment(240))
    end = polled.expired(Head(open_alert, OLD), row, ASKED)
    assert end == domain.resolved(open_alert, moment(240), Ending.EXPIRED)
    assert polled.expired(Head(open_alert, OLD), known(id=open_alert.id), ASKED) is None


def test_only_what_is_muted_otherwise_than_known_is_looked_at() -> None:
    had = shown("aa", "bb", "cc", silenced_by=["s2", "s1", "s1"])
    opened = [known("aa", silenced_by=("s1", "s2")), known("bb", silenced_by=("s1",))]
    mutes = (("s1", "s2"), ())
    assert polled.to_mute(had, opened, OLD) == {"bb": mutes, "cc": mutes}
    assert polled.to_mute(shown("aa"), opened, OLD) == {"aa": NOT_MUTED}
    assert polled.to_mute(shown("cc"), opened, OLD) == {}
    assert polled.to_mute(shown("aa"), [known("aa")], moment(0)) == {}
    assert [*polled.to_mute(had, opened[:1], moment(0))] == ["aa", "bb", "cc"], (
        "maybe to be renewed"
    )


def muting(last: Muted | None, mutes: polled.Mutes, renew_before: float = -1000) -> Any:
    return polled.muting(last, alert(), mutes, before=ASKED, renew_before=moment(renew_before))


def test_muting_is_told_when_it_changes() -> None:
    mutes = (("s1", "s2"), ("ff",))
    silenced = AlertSilenced(alert=alert(), silenced_by=("s1", "s2"), inhibited_by=("ff",))
    unsilenced = AlertUnsilenced(alert=alert())
    assert muting(None, mutes) == silenced
    assert muting(Muted(unsilenced, OLD), mutes) == silenced
    assert muting(Muted(silenced, OLD), mutes) is None
    assert muting(Muted(silenced, OLD), (("s1",), ())) == AlertSilenced(
        alert=alert(), silenced_by=("s1",)
    )
    assert muting(Muted(silenced, OLD), NOT_MUTED) == unsilenced
    assert muting(Muted(unsilenced, OLD), NOT_MUTED) is None
    assert muting(None, NOT_MUTED) is None


def test_the_order_in_which_silences_are_told_does_not_matter() -> None:
    silenced = AlertSilenced(alert=alert(), silenced_by=("s2", "s1"))
    assert muting(Muted(silenced, OLD), (("s1", "s2"), ())) is None


def test_muting_is_renewed_before_it_ages_out() -> None:
    silenced = AlertSilenced(alert=alert(), silenced_by=("s1",))
    assert muting(Muted(silenced, moment(10)), (("s1",), ()), renew_before=11) == silenced
    assert muting(Muted(silenced, moment(12)), (("s1",), ()), renew_before=11) is None


def test_a_silence_put_since_we_asked_stays() -> None:
    silenced = AlertSilenced(alert=alert(), silenced_by=("new",))
    assert muting(Muted(silenced, LATER), NOT_MUTED) is None


def test_what_is_pending_there_and_not_here_is_looked_at_and_the_other_way_round() -> None:
    told, name = observation(), fingerprint(LABELS)
    assert polled.to_pend({name: told}, []) == [name]
    assert polled.to_pend({name: told}, [known(name)]) == [name], "that one fires"
    here = known(name, state="PENDING")
    assert polled.to_pend({name: told}, [here]) == []
    assert polled.to_pend({}, [here]) == [name]
    assert polled.to_pend({}, [], [name]) == [name], "it fires by now"
    assert polled.to_pend({name: observation(61)}, [here]) == [name], "another time"
    assert polled.to_pend({name: observation(59)}, [here]) == [], "a twin's"


def pending(last: Pended | None, told: Observation | None) -> Any:
    return polled.pending(last, told, before=ASKED)


def test_pending_is_told_when_it_begins_and_ends() -> None:
    event = pending(None, observation())
    assert isinstance(event, AlertPending)
    assert event.alert.id == pending_id(CLUSTER, fingerprint(LABELS))
    assert (event.alert.state, event.alert.starts_at) == (AlertState.PENDING, moment(0))
    assert event.alert.annotations == {"summary": "soon"}
    assert pending(Pended(event, OLD), observation()) is None
    ended = pending(Pended(event, OLD), None)
    assert ended == AlertPendingEnded(alert=event.alert)
    assert pending(Pended(ended, OLD), None) is None
    assert pending(None, None) is None
    assert pending(Pended(ended, OLD), observation()) == event
    assert pending(Pended(event, OLD), observation(300)).alert.starts_at == moment(300)
    assert pending(Pended(event, LATER), None) is None, "written since we asked"


def test_who_remembers_too_much_forgets_the_longest_unused() -> None:
    polls = Polls(most_ids=3)
    first, second = new_id(), new_id()
    polls.of(first).missed([known(), known()], ASKED)
    polls.of(second)
    assert polls.of(second).of == second
    assert polls.of(first).missing == {}


def test_after_an_outage_nothing_expires_until_every_source_could_tell_again() -> None:
    sweeps = Sweeps()
    ready = [second for second in range(0, 900, 30) if sweeps.ready(moment(second), MARGINS)]
    assert ready[0] == MARGINS.start.total_seconds()
    assert not sweeps.ready(moment(2000), MARGINS)
    assert not sweeps.ready(moment(2030), MARGINS)
    assert next(s for s in range(2060, 2300, 30) if sweeps.ready(moment(s), MARGINS)) == 2180


def test_a_head_says_how_its_end_is_known() -> None:
    fired = AlertFired(alert=alert())
    assert domain.head_of(fired, OLD) == Head(fired.alert, OLD)
    gone = domain.resolved(fired.alert, moment(5), Ending.GONE)
    assert domain.head_of(gone, OLD).ending is Ending.GONE

"""What is asked settles it: tried on skewed clocks, lost and late reports, and ends of ours."""

from datetime import datetime, timedelta

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.alerts import AlertReport, AlertState, OpenAlert
from services.alerts import polled
from services.alerts.answers import Had, Shown
from services.alerts.normalize import normalize
from services.alerts.polled import Margins, Poll
from tests.services.alerts.histories import CLUSTER, LABELS, Log, Told, assert_lawful, moment

MARGINS = Margins()
SKEWS = st.sampled_from([-600, -7, 0, 2, 600])
"""Seconds by which a twin's clock is ahead."""
LONG_AGO = moment(-86_400)


class Source(RuleBasedStateMachine):
    """An Alertmanager whose alerts two Prometheuses feed, and a hub that hears of it and asks it.

    It tells what changes, on a way that loses, delays and repeats; it is asked what it has, and the
    answer may be late as well. A third Prometheus tells the hub itself until when it is believed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log = Log()
        self.now = 0.0
        self.fires_since: float | None = None
        """By the clock of the twin that told first."""
        self.network: list[Told] = []
        self.answers: list[tuple[float, float | None]] = []
        self.poll = Poll(CLUSTER)
        self.expires_at: datetime | None = None

    @property
    def at(self) -> datetime:
        return moment(self.now)

    @rule(seconds=st.sampled_from([0.1, 1, 5, 60, 700]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.fires_since is None)
    @rule(skew=SKEWS)
    def fire(self, skew: float) -> None:
        self.fires_since = self.now + skew
        self.network.append(Told(self.fires_since))
        self.now += 0.1

    @precondition(lambda self: self.fires_since is not None)
    @rule(skew=SKEWS)
    def resolve(self, skew: float) -> None:
        assert self.fires_since is not None
        self.network.append(Told(self.fires_since, max(self.now + skew, self.fires_since)))
        self.fires_since = None
        self.now += 0.1

    @precondition(lambda self: self.network)
    @rule(data=st.data(), kept=st.booleans(), lost=st.booleans())
    def deliver(self, data: st.DataObject, *, kept: bool, lost: bool) -> None:
        told = data.draw(st.sampled_from(self.network))
        if not lost:
            self.take(told)
        if not kept:
            self.network.remove(told)

    def take(self, told: Told) -> None:
        _ = self.log.take([told.observed(self.at)], self.at)

    @rule(since=st.integers(0, 700), minutes=st.integers(1, 5))
    def forecast(self, since: int, minutes: int) -> None:
        """A Prometheus says of itself, with or without reason, that it fires."""
        self.expires_at = self.at + timedelta(minutes=minutes)
        body = {"labels": LABELS, "startsAt": moment(self.now - since), "endsAt": self.expires_at}
        report = AlertReport.model_validate(body)
        _ = self.log.take([normalize(report, CLUSTER, self.at)], self.at)

    @precondition(lambda self: self.expires_at is not None)
    @rule()
    def expire(self) -> None:
        """A sweep, at any time after that."""
        head, before = self.log.head, self.at - MARGINS.expiry
        if head is not None and self.expires_at is not None and self.expires_at < before:
            known = self.known(head.alert.id, self.expires_at)
            self.log.append(polled.expired(head, known, before), self.at)
            self.expires_at = None

    def known(self, alert_id: object, expires_at: datetime | None) -> OpenAlert:
        assert self.log.head is not None
        alert = self.log.head.alert
        return OpenAlert.model_validate(
            {
                "id": alert_id,
                "cluster_id": CLUSTER,
                "fingerprint": alert.fingerprint,
                "state": "FIRING",
                "starts_at": alert.starts_at,
                "expires_at": expires_at,
                "silenced_by": (),
                "inhibited_by": (),
            }
        )

    @rule()
    def ask(self) -> None:
        """What it has; when the answer comes is another matter."""
        self.answers.append((self.now, self.fires_since))

    @precondition(lambda self: self.answers)
    @rule(kept=st.booleans())
    def hear(self, *, kept: bool) -> None:
        asked, fires_since = self.answers[0] if kept else self.answers.pop(0)
        self.conclude(asked, fires_since)

    def conclude(self, asked: float, fires_since: float | None) -> None:
        asked_at, head, shown = moment(asked), self.log.head, dict[str, Shown]()
        if fires_since is not None:
            told = Told(fires_since).observed(asked_at, current=True)
            shown = {told.fingerprint: Shown(told.fingerprint, LABELS)}
            _ = self.log.take([told], self.at)
        opened = []
        if head is not None and head.alert.state is AlertState.FIRING:
            opened = [self.known(head.alert.id, None)]
        missing = polled.missing(Had(shown, LONG_AGO), opened)
        for alert_id, since in self.poll.missed(missing, asked_at).items():
            assert head is not None
            (missed,) = (each for each in missing if each.id == alert_id)
            end = polled.gone(head, missed, since, asked_at - MARGINS.settled)
            self.log.append(end, self.at)

    @rule()
    def settle(self) -> None:
        """Nothing changes for three polls: the log knows the truth, whatever it has been told."""
        self.answers.clear()
        for _ in range(3):
            self.now += 60
            self.conclude(self.now, self.fires_since)
        fires = self.fires_since is not None
        assert (self.log.state is AlertState.FIRING) == fires

    @rule()
    def agree(self) -> None:
        """And no late report of what was told so far, heard twice, outlasts the next polls."""
        for told in [*self.network, *self.network]:
            self.take(told)
        self.settle()

    @invariant()
    def lawful(self) -> None:
        assert_lawful(self.log.events)


TestSource = Source.TestCase
TestSource.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

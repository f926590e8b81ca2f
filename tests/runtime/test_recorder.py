"""The library's own conformance suites on the log, and a small application beside the platform."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID, uuid5

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    DataError,
    InfrastructureFactoryError,
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
)
from eventsourcing.tests import persistence as conformance

from projections.activity.projector import projection as activity, record
from projections.activity.view import ActivityRow
from services.runtime import streams
from services.runtime.bus import Bus
from services.runtime.bus_thread import BusThread
from services.runtime.log import EventLog
from services.runtime.originators import event_token
from services.runtime.projections.projection import Rows
from services.runtime.pull import Ordered, PullReader
from services.runtime.recorder import LogAggregateRecorder, LogApplicationRecorder, LogFactory
from services.runtime.settings import NatsSettings, Settings
from tests.kit import builders
from tests.kit.runtime import store
from tests.kit.servers import Server

pytestmark = pytest.mark.nats

ID = UUID("77777777-7777-5777-8777-777777777777")


class OnTheLog:
    """Fresh streams and a connection for each test of a suite."""

    thread: BusThread

    @pytest.fixture(autouse=True)
    def _connected(self, bus_settings: Settings) -> Generator[None]:
        self.thread = BusThread(bus_settings.nats, "test-recorder")
        yield
        self.thread.close()


class TestAggregateRecorder(OnTheLog, conformance.AggregateRecorderTestCase):
    def create_recorder(self) -> LogAggregateRecorder:
        return LogAggregateRecorder(self.thread)


class TestApplicationRecorder(
    OnTheLog, conformance.ApplicationRecorderTestCase[LogApplicationRecorder]
):
    def create_recorder(self) -> LogApplicationRecorder:
        return LogApplicationRecorder(self.thread)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestPositionsDoNotInterleave(OnTheLog, conformance.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LogApplicationRecorder:
        return LogApplicationRecorder(self.thread)


@pytest.fixture
def recorder(bus_settings: Settings) -> Generator[LogApplicationRecorder]:
    thread = BusThread(bus_settings.nats, "test-recorder")
    yield LogApplicationRecorder(thread)
    thread.close()


def stored(
    version: int, originator_id: UUID | str = ID, *, topic: str = "m:Dog.Named"
) -> StoredEvent:
    return StoredEvent(originator_id, version, topic, f"state {version}".encode())


def versions(events: Iterable[StoredEvent]) -> list[int]:
    return [found.originator_version for found in events]


def test_a_sequence_of_any_length_is_read(recorder: LogApplicationRecorder) -> None:
    for low in range(1, 2401, 800):
        recorder.insert_events([stored(version) for version in range(low, low + 800)])

    def select(**wanted: int | bool) -> list[int]:
        return versions(recorder.select_events(ID, **cast(Any, wanted)))

    everything = list(range(1, 2401))
    assert select() == everything
    assert select(desc=True) == everything[::-1]
    assert select(gt=2390) == everything[2390:]
    assert select(gt=10, lte=12) == [11, 12]
    assert select(lte=3) == [1, 2, 3]
    assert select(limit=2) == [1, 2]
    assert select(desc=True, limit=1) == [2400]
    assert select(desc=True, limit=2) == [2400, 2399]
    assert select(desc=True, lte=1300, limit=1) == [1300]
    assert select(desc=True, lte=1300, gt=1297) == [1300, 1299, 1298]
    assert select(gt=2400) == []


def test_versions_may_have_gaps_as_snapshots_do(recorder: LogApplicationRecorder) -> None:
    recorder.insert_events([stored(50), stored(200)])
    assert versions(recorder.select_events(ID, lte=199, desc=True, limit=1)) == [50]
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(120)])


@pytest.mark.parametrize("first", [0, 1])
def test_a_sequence_may_begin_with_zero_or_one(
    recorder: LogApplicationRecorder, first: int
) -> None:
    recorder.insert_events([stored(first)])
    recorder.insert_events([stored(first + 1)])
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(first)])
    assert versions(recorder.select_events(ID)) == [first, first + 1]


def test_of_racing_writers_one_wins_each_version(recorder: LogApplicationRecorder) -> None:
    def write(version: int) -> int:
        try:
            recorder.insert_events([stored(version)])
        except IntegrityError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        for version in range(1, 6):
            assert sum(pool.map(write, [version] * 8)) == 1
    assert versions(recorder.select_events(ID)) == [1, 2, 3, 4, 5]


def test_several_originators_are_stored_all_or_none(recorder: LogApplicationRecorder) -> None:
    other = uuid5(ID, "other")
    recorder.insert_events([stored(1, other)])
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(1), stored(2), stored(1, other)])
    assert recorder.select_events(ID) == []
    assert recorder.insert_events([stored(1), stored(2, other), stored(2)]) == [2, 3, 4]


def test_more_than_a_batch_is_refused(recorder: LogApplicationRecorder) -> None:
    with pytest.raises(DataError):
        recorder.insert_events([stored(version) for version in range(1, 1002)])
    assert recorder.max_notification_id() is None


@pytest.mark.parametrize("originator_id", [ID, str(ID), "dog.1 *>", "ä" * 90])
def test_an_id_and_a_state_come_back_as_they_were(
    recorder: LogApplicationRecorder, originator_id: UUID | str
) -> None:
    event = StoredEvent(originator_id, 1, "m:A.B", bytes(range(256)))
    recorder.insert_events([event])
    assert recorder.select_events(originator_id) == [event]
    [notification] = recorder.select_notifications(None, 10)
    assert notification.originator_id == originator_id
    assert type(notification.originator_id) is type(originator_id)
    assert notification.state == event.state


@pytest.mark.parametrize(
    ("topic", "token"),
    [
        ("dogs.model:Dog.Registered", "registered"),
        ("dogs:DogTrickAdded", "dog_trick_added"),
        ("topic1", "topic1"),
        ("m:Übung", "bung"),
        ("", "event"),
        ("m:" + "x" * 100, "x" * 64),
    ],
)
def test_a_topic_gives_a_token(topic: str, token: str) -> None:
    assert event_token(topic) == token


class Dog(Aggregate):
    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


class Dogs(Application[UUID]):
    """A whole application of the library."""

    name = "dogs"
    is_snapshotting_enabled = True

    def register(self, name: str) -> UUID:
        dog = Dog(name)
        self.save(dog)
        return dog.id

    def teach(self, dog_id: UUID, *tricks: str) -> None:
        dog: Dog = self.repository.get(dog_id)
        for trick in tricks:
            dog.add_trick(trick)
        self.save(dog)

    def tricks(self, dog_id: UUID) -> list[str]:
        dog: Dog = self.repository.get(dog_id)
        return dog.tricks


@contextmanager
def dogs(settings: NatsSettings) -> Generator[Dogs]:
    """The application as its own users start it: by environment alone."""
    environment = {
        "PERSISTENCE_MODULE": "services.runtime.recorder",
        "AIOPS_NATS__URL": settings.url,
    }
    with Dogs(env=environment) as app:
        yield app


def test_an_application_lives_on_the_log(bus_settings: Settings) -> None:
    with dogs(bus_settings.nats) as app:
        fido = app.register("Fido")
        app.teach(fido, "roll over", "play dead")
        app.take_snapshot(fido)
        app.teach(fido, "sit")
    with dogs(bus_settings.nats) as again:
        assert again.tricks(fido) == ["roll over", "play dead", "sit"]
        assert again.snapshots is not None
        [snapshot] = again.snapshots.get(fido)
        assert snapshot.originator_version == 3
        items = again.notification_log.select(start=1, limit=10)
        # Position 4 is the snapshot's.
        assert [item.id for item in items] == [1, 2, 3, 5]
        with again.recorder.subscribe(gt=3) as subscription:
            assert next(subscription).id == 5


async def test_events_meet_the_platforms_readers_like_any_other(
    bus: Bus, log: EventLog, bus_settings: Settings
) -> None:
    await store(log, builders.name_taken())
    with dogs(bus_settings.nats) as app:
        app.register("Fido")
        assert app.recorder.max_notification_id() == 2
        assert [found.id for found in app.recorder.select_notifications(None, 10)] == [2]
    reader = PullReader(bus, Ordered(streams.EVENTS), start=2)
    [delivery] = await reader.take(1)
    await reader.close()
    rows = Rows(activity.tables)
    record(delivery, rows)
    row = rows.changes["event"].popitem()[1][0]
    found = ActivityRow(*row[: len(ActivityRow._fields)])
    assert (found.sequence, found.event_type) == (2, "ES_REGISTERED")
    assert (found.entity_type, found.version, found.cluster_id) == ("es_dogs", 1, None)
    assert (found.source, found.actor) == ("/services/es_dogs", "service:es_dogs")
    assert delivery.headers["ce-subject"] == f"es_dogs/{found.entity_id}"
    assert b'"topic":' in delivery.data
    # The platform's own history of that name goes on as if nothing had happened.
    assert await log.head(builders.name_taken().key) is not None


def test_stop_ends_an_iteration_that_waits(recorder: LogApplicationRecorder) -> None:
    subscription = recorder.subscribe()
    with ThreadPoolExecutor(1) as pool, subscription:
        iterating = pool.submit(list[Notification], subscription)
        recorder.insert_events([stored(1)])
        with pytest.raises(TimeoutError):
            iterating.result(0.1)
        subscription.stop()
        assert versions(iterating.result(20)) == [1]


def test_a_subscription_outlives_a_restart_of_the_bus(
    recorder: LogApplicationRecorder, nats_server: Server
) -> None:
    recorder.insert_events([stored(1)])
    with recorder.subscribe() as subscription:
        assert next(subscription).originator_version == 1
        nats_server.restart()
        recorder.insert_events([stored(2)])
        assert next(subscription).originator_version == 2


def test_what_the_log_does_not_keep_is_refused(bus_settings: Settings) -> None:
    factory = LogFactory({"AIOPS_NATS__URL": bus_settings.nats.url})
    for make in (factory.tracking_recorder, factory.process_recorder):
        with pytest.raises(InfrastructureFactoryError, match="keeps no positions"):
            make()
    factory.close()


def test_a_closed_connection_says_so(bus_settings: Settings) -> None:
    factory = LogFactory({"AIOPS_NATS__URL": bus_settings.nats.url})
    recorder = factory.application_recorder()
    factory.close()
    factory.close()
    with pytest.raises(OperationalError):
        recorder.max_notification_id()

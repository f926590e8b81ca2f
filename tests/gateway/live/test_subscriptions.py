"""What a subscription lets through, live."""

import pytest

from contracts.clusters import ClusterRegistered
from contracts.envelope import rfc3339
from services.runtime.context import log_time
from services.runtime.ids import new_id
from services.runtime.log import EventLog
from tests.kit import anomaly_builders, builders
from tests.kit.live import Stream, alerts
from tests.kit.runtime import store

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


async def register(log: EventLog) -> int:
    return (await store(log, builders.registered())).sequence


async def test_events_arrive_in_order_with_their_envelope(stream: Stream) -> None:
    async with stream.client() as client:
        subscribed = await client.subscribe()
        assert (subscribed["sequence"], subscribed["event_types"]) == (0, [])
        assert (await client.find("caught_up"))["sequence"] == 0
        await register(stream.log)
        sequences = await stream.fire(*alerts(300))

        assert await client.until_sequence(301) == [1, *sequences]
        first = client.events[0]
        assert first["payload"] == builders.registered().model_dump(mode="json")
        stored = await stream.log.at(1)
        assert stored is not None
        assert first["logged_at"] == rfc3339(log_time(stored.time))
        told_apart = {"payload", "event_id", "logged_at"}
        assert {name: first[name] for name in first if name not in told_apart} == {
            "type": "event",
            "event_type": "CLUSTER_REGISTERED",
            "sequence": 1,
            "source": "/services/clusters",
            "cluster_id": str(builders.CLUSTER_ID),
            "cluster_name": "edge-berlin-1",
            "timestamp": "2026-01-01T12:00:00Z",
            "correlation_id": str(builders.CORRELATION_ID),
            "causation_id": str(builders.COMMAND_ID),
            "actor": "ada",
        }


async def test_only_the_wanted_types_come(stream: Stream) -> None:
    async with stream.client() as client:
        await client.subscribe(event_types=["CLUSTER_REGISTERED"])
        await client.find("caught_up")
        await stream.fire(*alerts(3))
        await register(stream.log)
        await client.until_sequence(4)
        assert client.sequences == [4]


async def test_only_the_wanted_clusters_come(stream: Stream) -> None:
    async with stream.client() as client:
        answer = await client.subscribe(cluster_filter=[str(builders.OTHER_CLUSTER_ID)])
        assert answer["cluster_filter"] == [str(builders.OTHER_CLUSTER_ID)]
        await client.find("caught_up")
        await store(stream.log, builders.name_taken())
        await stream.fire(*alerts(2), *alerts(2, 5, cluster_id=builders.OTHER_CLUSTER_ID))
        assert await client.until_sequence(5) == [4, 5]


async def test_with_a_namespace_only_its_events_come(stream: Stream) -> None:
    async with stream.client() as client:
        await client.subscribe(namespace_filter=["ran", "core"])
        await client.find("caught_up")
        await register(stream.log)
        await stream.fire(
            *alerts(2, 0, labels={"namespace": "other"}),
            *alerts(2, 2, labels={"namespace": "ran"}),
            *alerts(1, 4, labels={"alertname": "NodeDown"}),
            *alerts(1, 5, labels={"namespace": "core"}),
        )
        assert await client.until_sequence(7) == [4, 5, 7]


async def test_only_the_wanted_entities_come(stream: Stream) -> None:
    odd = "Ünusual / fingerprint"
    async with stream.client() as client:
        wanted = [f"cluster:{builders.CLUSTER_ID}", f"alert:{odd}"]
        assert (await client.subscribe(entity_filter=wanted))["entity_filter"] == wanted
        await client.find("caught_up")
        await stream.fire(*alerts(2), builders.fired(fingerprint=odd))
        await register(stream.log)
        assert await client.until_sequence(4) == [3, 4]


async def test_filters_are_met_together(stream: Stream) -> None:
    async with stream.client() as client:
        await client.subscribe(
            event_types=["ALERT_FIRED"],
            cluster_filter=[str(builders.CLUSTER_ID)],
            namespace_filter=["ran"],
        )
        await client.find("caught_up")
        other = builders.OTHER_CLUSTER_ID
        await stream.fire(
            *alerts(1, labels={"namespace": "ran"}, cluster_id=other),
            *alerts(1, labels={"namespace": "ran"}),
        )
        await register(stream.log)
        await client.until_sequence(2)
        await client.quiet()
        assert client.sequences == [2]


async def test_a_scoped_token_sees_only_its_clusters(stream: Stream) -> None:
    async with stream.client("berlin-token") as client:
        answer = await client.subscribe()
        assert answer["cluster_filter"] == [str(builders.CLUSTER_ID)]
        await client.find("caught_up")
        await store(stream.log, builders.name_taken())
        await stream.fire(*alerts(1, cluster_id=builders.OTHER_CLUSTER_ID), *alerts(1))
        assert await client.until_sequence(3) == [3]

        both = [str(builders.CLUSTER_ID), str(builders.OTHER_CLUSTER_ID)]
        answer = await client.subscribe(cluster_filter=both, since_sequence=0)
        assert answer["cluster_filter"] == [str(builders.CLUSTER_ID)]
        await client.find("caught_up")
        assert client.sequences == [3, 3]

        await client.say(type="subscribe", subscription={"cluster_filter": both[1:]})
        assert (await client.next())["code"] == "PERMISSION_DENIED"


async def test_a_second_subscription_replaces_the_first(stream: Stream) -> None:
    async with stream.client() as client:
        await client.subscribe(event_types=["CLUSTER_REGISTERED"])
        await client.find("caught_up")
        await client.subscribe(event_types=["ALERT_FIRED"])
        await client.find("caught_up")
        await register(stream.log)
        await stream.fire(*alerts(1))
        assert await client.until_sequence(2) == [2]


async def test_nothing_comes_after_unsubscribing(stream: Stream) -> None:
    async with stream.client() as client:
        await client.say(type="subscribe", id="one")
        assert (await client.find("subscribed"))["id"] == "one"
        assert (await client.find("caught_up"))["id"] == "one"
        await client.say(type="unsubscribe", id="two")
        error = await client.next()
        assert (error["code"], error["id"]) == ("INVALID_SUBSCRIPTION", "two")
        await client.say(type="unsubscribe", id="one")
        await client.quiet()
        await stream.fire(*alerts(3))
        await client.quiet()


async def test_types_can_be_taken_out_of_a_subscription(stream: Stream) -> None:
    async with stream.client() as client:
        await client.subscribe()
        await client.find("caught_up")
        await stream.fire(*alerts(1))
        await client.until_sequence(1)
        await client.say(type="unsubscribe", event_types=["ALERT_FIRED"])
        answer = await client.find("subscribed")
        assert "ALERT_FIRED" not in answer["event_types"]
        assert answer["sequence"] == 1
        await client.find("caught_up")
        await stream.fire(*alerts(1, 5))
        await register(stream.log)
        assert await client.until_sequence(3) == [1, 3]
        assert client.events[-1]["event_type"] == ClusterRegistered.names.public


async def test_an_event_larger_than_a_frame_comes_whole(stream: Stream) -> None:
    large = {"summary": "ü" * 200_000}
    async with stream.client() as client:
        await client.subscribe()
        await stream.fire(*alerts(1, annotations=large))
        await client.until_sequence(1)
        assert client.events[0]["payload"]["alert"]["annotations"] == large


async def test_anomalies_come_as_other_events_do(stream: Stream) -> None:
    async with stream.client() as client:
        await client.subscribe(
            event_types=["ANOMALY_DETECTED", "ANOMALY_ENDED", "ANOMALY_FEEDBACK_GIVEN"],
            cluster_filter=[str(builders.CLUSTER_ID)],
            namespace_filter=["shop"],
        )
        await client.find("caught_up")
        await store(stream.log, anomaly_builders.detected(labels={"namespace": "other"}))
        told = (anomaly_builders.detected(id=new_id()), anomaly_builders.anomaly_ended(id=new_id()))
        for event in told:
            await store(stream.log, event)
        assert await client.until_sequence(3) == [2, 3]
        assert [each["event_type"] for each in client.events] == [
            "ANOMALY_DETECTED",
            "ANOMALY_ENDED",
        ]
        assert client.events[0]["payload"] == told[0].model_dump(mode="json")

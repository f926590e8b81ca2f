"""Judges what a connection with several subscriptions is sent, while they come and go at random."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.kit import builders
from tests.kit.live import Client, Frame, Stream, alerts

HERE, THERE = str(builders.CLUSTER_ID), str(builders.OTHER_CLUSTER_ID)


async def fire(stream: Stream, start: int, *clusters: str) -> None:
    """An alert of each of these clusters, numbered."""
    for number, cluster in enumerate(clusters, start):
        chosen = builders.CLUSTER_ID if cluster == HERE else builders.OTHER_CLUSTER_ID
        await stream.fire(*alerts(1, number, cluster_id=chosen))


@dataclass
class Judge:
    """Says whether the frames of a connection are what its subscriptions must be sent."""

    clusters: dict[int, str] = field(default_factory=dict[int, str])
    """The cluster of each event."""
    wanted: dict[str, set[str]] = field(default_factory=dict[str, "set[str]"])
    """The clusters that each subscription wants."""
    live: set[str] = field(default_factory=set[str])
    position: int = 0
    """Where those stand."""
    coming: str | None = None
    """The subscription that is being brought there, and where it stands."""
    reached: int = 0
    leaving: str | None = None
    """It was told to end: its events may come or not, until a pong."""

    def see(self, frame: Frame) -> None:
        match frame["type"]:
            case "subscribed":
                assert self.coming in {None, self.leaving}
                self.coming, self.reached = frame["id"], frame["sequence"]
            case "caught_up":
                assert frame["id"] == self.coming
                assert self._missed(self.reached, frame["sequence"], self.wanted[frame["id"]]) == []
                if self.live - {self.leaving}:
                    assert self._missed(self.position, frame["sequence"], self._needed()) == []
                self.live.add(frame["id"])
                self.position, self.coming = frame["sequence"], None
            case "position":
                assert self.coming in {None, self.leaving}
                assert self._missed(self.position, frame["sequence"], self._needed()) == []
                self.position = max(self.position, frame["sequence"])
            case "event" | "events":
                events = frame.get("events", [frame])
                assert len(events) > 1 or frame["type"] == "event"
                for event in events:
                    self._event(event["sequence"])
            case "pong":
                self.wanted.pop(self.leaving or "", None)
                self.live.discard(self.leaving or "")
                self.coming = None if self.coming == self.leaving else self.coming
                self.leaving = None
            case other:
                raise AssertionError(other)

    def _event(self, sequence: int) -> None:
        cluster = self.clusters[sequence]
        # Only what others want can be theirs: the one that leaves may have got beyond them.
        theirs = sequence > self.position and cluster in self._needed()
        if self.coming == self.leaving and theirs:
            self.coming = None
        if self.coming is not None:
            assert sequence > self.reached
            assert cluster in self.wanted[self.coming]
            assert self._missed(self.reached, sequence - 1, self.wanted[self.coming]) == []
            self.reached = sequence
        else:
            assert sequence > self.position
            may_come = self.live | {self.leaving or ""}
            assert any(cluster in self.wanted.get(name, ()) for name in may_come)
            assert self._missed(self.position, sequence - 1, self._needed()) == []
            self.position = sequence

    def _needed(self) -> set[str]:
        """Clusters whose events somebody must be sent."""
        return {each for name in self.live - {self.leaving} for each in self.wanted[name]}

    def _missed(self, after: int, to: int, wanted: set[str]) -> list[int]:
        return [each for each in range(after + 1, to + 1) if self.clusters[each] in wanted]


@dataclass
class Player:
    """Does at random what a client may do, and has it judged."""

    stream: Stream
    client: Client
    chance: Random
    judge: Judge = field(default_factory=Judge)

    async def play(self, steps: int) -> None:
        """Let events happen, subscribe and unsubscribe; in the end everything must have come."""
        for _ in range(steps):
            name = self.chance.choice("abcd")
            if self.chance.random() < 0.5:
                await self._write(self.chance.choice((1, 3, 40)))
            elif name in self.judge.wanted:
                await self._end(name)
            else:
                await self._subscribe(name)
        await self._subscribe("last")
        while "last" not in self.judge.live:
            self.judge.see(await self.client.next())
        assert self.judge.position == len(self.judge.clusters)

    async def _write(self, count: int) -> None:
        for _ in range(count):
            cluster, number = self.chance.choice((HERE, THERE)), len(self.judge.clusters) + 1
            self.judge.clusters[number] = cluster
            await fire(self.stream, number, cluster)

    async def _end(self, name: str) -> None:
        self.judge.leaving = name
        await self.client.say(type="unsubscribe", id=name)
        await self.client.say(type="ping")
        frame = await self.client.next()
        while frame["type"] != "pong":
            self.judge.see(frame)
            frame = await self.client.next()
        self.judge.see(frame)

    async def _subscribe(self, name: str) -> None:
        clusters = self.chance.choice(({HERE}, {THERE}, {HERE, THERE}))
        self.judge.wanted[name] = clusters
        asked: dict[str, Any] = {"cluster_filter": sorted(clusters)}
        if self.chance.random() < 0.7:
            asked["since_sequence"] = self.chance.randint(0, len(self.judge.clusters))
        batch = self.chance.random() < 0.5
        await self.client.say(type="subscribe", id=name, batch=batch, subscription=asked)

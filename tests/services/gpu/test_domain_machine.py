"""Whatever samples come, who decides on them, and where it dies: events alternate, none is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.gpu import (
    Crossing,
    Gpu,
    GpuDisappeared,
    GpuEvent,
    GpuMetric,
    GpuReappeared,
    GpuStanding,
    GpuThresholdCrossed,
    GpuUpdate,
    GpuXidError,
)
from services.gpu.domain import MISSED, Level, Stand, decide, linked, trail
from tests.kit.gpu_builders import gpu, gpu_update
from tests.kit.samples import at

NODES = {"a": ("a0", "a1", "a2"), "b": ("b0",)}
LEVELS = {GpuMetric.TEMPERATURE: Level(85, 80), GpuMetric.MEMORY_USED: Level(97, 92)}


@dataclass(frozen=True)
class Reading:
    """What a node says of one GPU."""

    celsius: float | None
    used: int | None
    xid: int | None

    def of(self, uuid: str) -> Gpu:
        return gpu(
            uuid=uuid,
            temperature_celsius=self.celsius,
            memory_total_mb=100,
            memory_used_mb=self.used,
            xid=self.xid,
        )


READINGS = st.builds(
    Reading,
    st.sampled_from([None, 60.0, 79.0, 80.0, 84.0, 85.0, 99.0]),
    st.sampled_from([None, 50, 91, 92, 96, 97, 100]),
    st.sampled_from([None, 0, 0, 31, 79]),
)


@st.composite
def tellings(draw: st.DrawFn, nodes: Sequence[str] = tuple(NODES)) -> GpuUpdate:
    """What a node tells: its GPUs or some of them, in any order, or an error, or nothing."""
    node = draw(st.sampled_from(nodes))
    error = draw(st.sampled_from([None, None, None, "driver mismatch"]))
    there = [] if error else draw(st.lists(st.sampled_from(NODES[node]), unique=True))
    gpus = tuple(draw(READINGS).of(uuid) for uuid in there)
    return gpu_update(node_name=node, gpus=gpus, error=error)


@dataclass
class Hub:
    """The stream, the log, and what one who saw all of it would expect of each GPU."""

    stream: dict[str, list[GpuUpdate]] = field(default_factory=dict[str, list[GpuUpdate]])
    log: dict[str, list[GpuEvent]] = field(default_factory=dict[str, list[GpuEvent]])
    expected: dict[str, GpuStanding] = field(default_factory=dict[str, GpuStanding])
    errors: dict[str, int] = field(default_factory=dict[str, int])
    """XIDs that are to be told, by GPU."""
    missed: dict[str, int] = field(default_factory=dict[str, int])
    seen: dict[str, int | None] = field(default_factory=dict[str, int | None])
    """The last XID of each GPU, as it was measured."""
    anew: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """GPUs of a node that had no XID the last time, and have one now."""
    because: dict[str, GpuUpdate] = field(default_factory=dict[str, GpuUpdate])
    """Of the last event of each GPU."""
    clock: int = 0

    def store(self, update: GpuUpdate) -> GpuUpdate:
        """Store a sample behind the one before it, as it is read by whoever decides."""
        chain = self.stream.setdefault(update.node_name, [])
        self.clock += 1
        update = update.model_copy(update={"sampled_at": at() + timedelta(seconds=self.clock)})
        before = (
            trail(GpuUpdate.model_validate_json(chain[-1].model_dump_json())) if chain else None
        )
        chain.append(linked(update, before))
        self.anew[update.node_name] = {
            each.uuid for each in update.gpus if each.xid and self.seen.get(each.uuid) == 0
        }
        self.seen |= {each.uuid: each.xid for each in update.gpus}
        if update.error is None and update.gpus:
            here = {each.uuid for each in update.gpus}
            for uuid in self._known(update.node_name):
                self.missed[uuid] = 0 if uuid in here else self.missed.get(uuid, 0) + 1
        return chain[-1]

    def _known(self, node: str) -> set[str]:
        return {each.uuid for update in self.stream[node] for each in update.gpus}

    def decide(self, samples: Sequence[GpuUpdate], *, most: int = 99) -> int:
        """Decide on samples, and append at most so many events of each GPU; how many it were."""
        told = {each.uuid: sample for sample in samples for each in sample.gpus}
        stands = {
            uuid: Stand(last.standing, at(), xid_told=self._own(last, told.get(uuid)))
            for uuid, (*_, last) in self.log.items()
        }
        count = 0
        for chain in decide(samples, stands, LEVELS):
            uuid, events = chain[0].gpu_uuid, chain[:most]
            if events:
                self.log.setdefault(uuid, []).extend(events)
                self.because[uuid] = told.get(uuid, next(iter(samples)))
            count += len(events)
        return count

    def _own(self, last: GpuEvent, sample: GpuUpdate | None) -> bool:
        because = self.because[last.gpu_uuid]
        return isinstance(last, GpuXidError) and sample is because

    def expect(self, sample: GpuUpdate) -> None:
        """What stands after a sample was decided on."""
        for each in sample.gpus:
            before = self.expected.get(each.uuid, GpuStanding())
            raised = set(before.raised)
            values = {GpuMetric.TEMPERATURE: each.temperature_celsius}
            values[GpuMetric.MEMORY_USED] = each.memory_used_mb
            for metric, value in values.items():
                if value is not None and value >= LEVELS[metric].raise_at:
                    raised.add(metric)
                elif value is not None and value < LEVELS[metric].clear_at:
                    raised.discard(metric)
            anew = each.uuid in self.anew[sample.node_name]
            if each.xid and (each.xid != before.xid or anew):
                self.errors[each.uuid] = self.errors.get(each.uuid, 0) + 1
            self.expected[each.uuid] = GpuStanding(
                raised=tuple(metric for metric in GpuMetric if metric in raised),
                xid=each.xid or before.xid,
            )
        if sample.error is None and sample.gpus:
            self._expect_missing(sample)

    def _expect_missing(self, sample: GpuUpdate) -> None:
        here = {each.uuid for each in sample.gpus}
        for uuid in self._known(sample.node_name) - here:
            if self.missed[uuid] >= MISSED:
                before = self.expected.get(uuid, GpuStanding())
                self.expected[uuid] = before.model_copy(update={"present": False})

    def standings(self) -> Mapping[str, GpuStanding]:
        return {uuid: events[-1].standing for uuid, events in self.log.items()}


class Fleet(RuleBasedStateMachine):
    """Two nodes, and workers that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Hub()

    @rule(update=tellings(), times=st.integers(1, 3))
    def sampled(self, update: GpuUpdate, times: int) -> None:
        """A sample, decided on by several who got the same message, or twice."""
        sample = self.hub.store(update)
        self.hub.decide([sample])
        self.hub.expect(sample)
        for _ in range(times - 1):
            assert self.hub.decide([sample]) == 0

    @rule(first=tellings(["a"]), second=tellings(["b"]))
    def sampled_together(self, first: GpuUpdate, second: GpuUpdate) -> None:
        samples = [self.hub.store(first), self.hub.store(second)]
        self.hub.decide(samples)
        for sample in samples:
            self.hub.expect(sample)

    @rule(update=tellings(), most=st.integers(0, 2))
    def cut_off_and_delivered_again(self, update: GpuUpdate, most: int) -> None:
        """A worker dies after it has stored a sample and told some of its events."""
        sample = self.hub.store(update)
        self.hub.decide([sample], most=most)
        self.hub.decide([sample])
        self.hub.expect(sample)

    @rule(update=tellings())
    def cut_off_for_good(self, update: GpuUpdate) -> None:
        """A worker dies before it has told anything, and nobody comes back to it."""
        self.hub.store(update)

    @invariant()
    def what_stands_is_what_was_measured(self) -> None:
        told = self.hub.standings()
        for uuid, expected in self.hub.expected.items():
            assert told.get(uuid, GpuStanding()) == expected, uuid

    @invariant()
    def events_alternate(self) -> None:
        for uuid, events in self.hub.log.items():
            present, raised = True, set[GpuMetric]()
            for event in events:
                match event:
                    case GpuThresholdCrossed():
                        assert (event.crossing is Crossing.RAISED) == (event.metric not in raised)
                        raised ^= {event.metric}
                    case GpuDisappeared():
                        assert present
                        present = False
                    case GpuReappeared():
                        assert not present
                        present = True
                    case GpuXidError():
                        assert event.xid == event.standing.xid
                assert event.standing.present == present
                assert set(event.standing.raised) == raised
            failed = sum(isinstance(event, GpuXidError) for event in events)
            assert failed == self.hub.errors.get(uuid, 0)


TestFleet = Fleet.TestCase
TestFleet.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(tellings(["a"]), tellings(["b"])), max_size=12))
def test_it_does_not_matter_how_samples_come_together(
    rounds: Sequence[tuple[GpuUpdate, GpuUpdate]],
) -> None:
    together, apart = Hub(), Hub()
    for pair in rounds:
        together.decide([together.store(update) for update in pair])
    for node in reversed(range(2)):
        for pair in rounds:
            apart.decide([apart.store(pair[node])])
    assert together.standings() == apart.standings()
    for uuid, events in together.log.items():
        assert [type(event) for event in events] == [type(event) for event in apart.log[uuid]]

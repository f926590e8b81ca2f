"""Whatever is sampled, who decides on it, and where it dies: states alternate, none is lost."""

from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.cnf import CnfArea, CnfStatusChanged, CnfUpdate
from services.cnf import domain
from services.cnf.domain import Name
from tests.kit.gpu_builders import cnf_update
from tests.kit.samples import at

PODS = ("du-0", "du-1")


def pod(name: str, state: str, reason: str | None) -> dict[str, Any]:
    return {
        "cnf_type": "VDU",
        "namespace": "du-1",
        "pod": name,
        "state": state,
        "reason": reason,
        "ready": reason is None,
        "restarts": 0,
        "evidence": "its name",
    }


WORKLOADS = st.none() | st.dictionaries(
    st.sampled_from(PODS),
    st.tuples(
        st.sampled_from(["RUNNING", "PENDING", "FAILED", "SUCCEEDED"]),
        st.sampled_from([None, None, "CrashLoopBackOff"]),
    ),
).map(lambda told: tuple(pod(name, *each) for name, each in told.items()))
CLOCKS = st.none() | st.dictionaries(
    st.sampled_from(["ens1fx", "CLOCK_REALTIME"]),
    st.sampled_from([None, "LOCKED", "HOLDOVER", "FREERUN"]),
).map(
    lambda told: tuple(
        {"node_name": "n", "interface": name, "clock_state": state} for name, state in told.items()
    )
)
FUNCTIONS = st.none() | st.tuples(st.integers(0, 4), st.sampled_from([None, 0, 4])).map(
    lambda told: (
        {
            "node_name": "n",
            "resource_name": "openshift.io/x",
            "used_vfs": told[0],
            "allocatable_vfs": told[1],
        },
    )
)
DROPS = st.none() | st.sampled_from([0, 0, 1, 600, 1200]).map(
    lambda told: (
        {"namespace": "du-1", "pod": "du-0", "ports": ({"port": "0", "rx_dropped": told},)},
    )
)


class Functions(RuleBasedStateMachine):
    """A log, the last sample, and workers that decide on what was due."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[CnfStatusChanged] = []
        self.before: CnfUpdate | None = None
        self.clock = 0

    @property
    def standings(self) -> dict[Name, CnfStatusChanged]:
        return {(each.area, each.name): each for each in self.log}

    @rule(
        workloads=WORKLOADS,
        ptp=CLOCKS,
        sriov=FUNCTIONS,
        dpdk=DROPS,
        partial=st.booleans(),
        order=st.randoms(use_true_random=False),
        dies=st.booleans(),
    )
    def sample(self, *, partial: bool, order: Any, dies: bool, **areas: Any) -> None:
        """All that is known now; maybe the worker dies before it tells, and another goes on."""
        self.clock += 60
        told = {name: _shuffled(each, order) for name, each in areas.items()}
        lacking = {"workloads": "not all"} if partial else {}
        update = cnf_update(**told, missing=lacking, sampled_at=at(self.clock))
        before, self.before = self.before, update
        decided = domain.decide(before, update, self.standings)
        # Two workers decide on the same; one of them is first.
        assert domain.decide(before, update, self.standings) == decided
        if dies:
            # Of what was due twice, the sample before is not known any more.
            decided = domain.decide(None, update, self.standings)
        self.log += decided
        self._settled(before, update, partial=partial or dies)

    @rule()
    def restart(self) -> None:
        """The stream of samples was lost."""
        self.before = None

    def _settled(self, before: CnfUpdate | None, update: CnfUpdate, *, partial: bool) -> None:
        """Nothing more follows from the same sample, and what it says is what stands."""
        assert domain.decide(None, update, self.standings) == []
        stood = self.standings
        for clock in update.ptp or ():
            last = stood.get((CnfArea.PTP, f"{clock.node_name}/{clock.interface}"))
            if clock.clock_state is not None and last is not None:
                assert last.new_state == clock.clock_state
            if clock.clock_state not in {None, "LOCKED"}:
                assert last is not None
        if before is None or before.workloads is None or update.workloads is None or partial:
            return
        there = {f"{each.namespace}/{each.pod}" for each in update.workloads}
        for (area, name), last in stood.items():
            if area is CnfArea.WORKLOAD and name not in there:
                assert last.new_state in {"GONE", "SUCCEEDED"}

    @invariant()
    def states_alternate(self) -> None:
        """No two events of one thing in a row say the same, and each says what was before."""
        last: dict[Name, str] = {}
        for each in self.log:
            name = each.area, each.name
            assert last.get(name) != each.new_state
            if name in last:
                assert each.old_state == last[name]
            assert each.old_state != each.new_state
            last[name] = each.new_state


def _shuffled(told: Any, order: Any) -> Any:
    if told is None:
        return None
    items = list(told)
    order.shuffle(items)
    return tuple(items)


TestFunctions = Functions.TestCase
TestFunctions.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)

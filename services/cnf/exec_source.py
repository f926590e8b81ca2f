"""Clocks and packet counters by programs that are run in pods, where no metrics tell of them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import httpx

from contracts.cnf import CnfSource, DpdkStats, PtpStatus
from services.cnf import dpdk, kube_objects, ptp_pmc
from services.cnf.areas import Area
from services.cnf.kube_objects import Pod
from services.runtime.kube.exec import NO_SUCH_PROGRAM, Outcome, PodContainer, run
from services.runtime.kube.failures import ApiFailure, ApiFailureKind
from services.runtime.kube.lists import Listed, Lists, within
from services.runtime.kube.requests import Requests

T = TypeVar("T")

_AT_ONCE = 8
"""Commands in work in one cluster."""
_SECONDS = 5.0
_LIMIT = 256 * 1024
_PTP, _DAEMON, _CONTAINER = "openshift-ptp", "linuxptp-daemon", "linuxptp-daemon-container"
_MOST_CONFIGURATIONS = 4
"""Of one node: one for each card that has a clock of its own."""
_MOST_PODS = 64
_RESTS = 3600.0
"""Seconds for which a pod without such a program is left alone."""
_KEPT = 4096


@dataclass
class Mute:
    """Pods that cannot tell of their ports; bounded, and asked again after a while."""

    _until: OrderedDict[tuple[UUID, str, str], float] = field(
        default_factory=OrderedDict[tuple[UUID, str, str], float]
    )

    def rests(self, cluster_id: UUID, pod: Pod, now: float) -> bool:
        """True while it is left alone."""
        return self._until.get(_key(cluster_id, pod), 0.0) > now

    def put(self, cluster_id: UUID, pod: Pod, now: float) -> None:
        """Leave it alone for a while."""
        self._until[_key(cluster_id, pod)] = now + _RESTS
        while len(self._until) > _KEPT:
            self._until.popitem(last=False)


def _key(cluster_id: UUID, pod: Pod) -> tuple[UUID, str, str]:
    return cluster_id, pod.metadata.namespace, pod.metadata.name


@dataclass(frozen=True, slots=True)
class ExecSource:
    """One cluster's pods, for the time of one sample."""

    client: httpx.AsyncClient
    cluster_id: UUID
    mute: Mute
    seconds: float

    async def ptp(self) -> Area[PtpStatus]:
        """The clocks of all nodes on which the PTP operator has a daemon."""
        lists = Lists(Requests(self.client, min(_SECONDS, self.seconds)))
        # By name: a list that has expired is read once more.
        daemons: dict[str, Pod] = {}

        def take(body: bytes) -> str | None:
            items, token = kube_objects.pods(body)
            daemons.update((each.metadata.name, each) for each in items if _is_daemon(each))
            return token

        try:
            async with within(self.seconds, lists, "its linuxptp daemons"):
                await lists.read(Listed("pods", namespace=_PTP), take)
                return await self._all([*daemons.values()], self._clocks)
        except ApiFailure as failure:
            return Area(CnfSource.EXEC, None, failure.message)

    async def dpdk(self, pods: Sequence[Pod]) -> Area[DpdkStats]:
        """The ports of pods with huge pages, as far as they can tell of them."""
        now = asyncio.get_running_loop().time()
        asked = [each for each in pods if not self.mute.rests(self.cluster_id, each, now)]
        try:
            async with asyncio.timeout(self.seconds):
                found = await self._all(asked, self._ports)
        except TimeoutError:
            return Area(CnfSource.EXEC, None, f"not all pods answered within {self.seconds:g} s")
        if found.found == () and pods:
            text = f"none of {len(pods)} pods with huge pages has a dpdk-telemetry.py that answers"
            return Area(CnfSource.EXEC, None, found.lacking or text)
        return found

    async def _all(
        self, pods: Sequence[Pod], ask: Callable[[Pod], Awaitable[tuple[T, ...]]]
    ) -> Area[T]:
        """What they tell; one that does not answer is named, and spoils no other."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(pod: Pod) -> tuple[T, ...] | ApiFailure:
            async with turns:
                try:
                    return await ask(pod)
                except ApiFailure as failure:
                    return failure

        told = await asyncio.gather(*(one(pod) for pod in pods[:_MOST_PODS]))
        good = [each for each in told if not isinstance(each, ApiFailure)]
        bad = [each for each in told if isinstance(each, ApiFailure)]
        if bad and not good:
            return Area(CnfSource.EXEC, None, bad[0].message)
        more = f" ({len(bad)} pods do not answer)" if len(bad) > 1 else ""
        lacking = [f"{bad[0].message}{more}"] if bad else []
        if len(pods) > _MOST_PODS:
            lacking.append(f"only {_MOST_PODS} of {len(pods)} pods are asked")
        found = tuple(item for each in good for item in each)
        return Area(CnfSource.EXEC, found, "; ".join(lacking))

    async def _clocks(self, daemon: Pod) -> tuple[PtpStatus, ...]:
        found: list[PtpStatus] = []
        where = PodContainer(_PTP, daemon.metadata.name, _CONTAINER)
        for number in range(_MOST_CONFIGURATIONS):
            file = f"/var/run/ptp4l.{number}.config"
            told = await self._run(where, ("pmc", "-u", "-b", "0", "-f", file, *ptp_pmc.QUESTIONS))
            if told.code == NO_SUCH_PROGRAM:
                text = f"there is no pmc in {where}"
                raise ApiFailure(ApiFailureKind.FAILING, text, "look at the image of the daemon")
            if told.code != 0:
                break  # There is no such configuration.
            clock = ptp_pmc.clock(_text(told), daemon.spec.nodeName, number)
            if clock is None:
                text = f"ptp4l does not answer pmc in {where}"
                raise ApiFailure(ApiFailureKind.FAILING, text, "look at the log of the daemon")
            found.append(clock)
        return tuple(found)

    async def _ports(self, pod: Pod) -> tuple[DpdkStats, ...]:
        space, name = pod.metadata.namespace, pod.metadata.name
        told = await self._run(PodContainer(space, name), dpdk.COMMAND)
        try:
            ports = dpdk.ports(_text(told))
        except dpdk.NoTelemetry:
            if told.code == NO_SUCH_PROGRAM:
                self.mute.put(self.cluster_id, pod, asyncio.get_running_loop().time())
            return ()
        node = pod.spec.nodeName or None
        return (DpdkStats(namespace=space, pod=name, node_name=node, ports=ports),)

    async def _run(self, where: PodContainer, command: Sequence[str]) -> Outcome:
        return await run(self.client, where, command, seconds=_SECONDS, limit=_LIMIT)


def _is_daemon(pod: Pod) -> bool:
    return pod.metadata.name.startswith(_DAEMON) and pod.status.phase == "Running"


def _text(told: Outcome) -> str:
    return told.stdout.decode(errors="replace")

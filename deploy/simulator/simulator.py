"""Starts a simulated fleet in this process, and is how tests reach into it."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from contracts.clusters import Platform
from deploy.simulator import kubeconfig
from deploy.simulator.admission import Admission
from deploy.simulator.application import Application, Simulated
from deploy.simulator.authority import Authority, BadCertificate, Identity
from deploy.simulator.cluster import Account, Managed, Part
from deploy.simulator.control import Control
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.incidents import Incident
from deploy.simulator.kubeconfig import Entry
from deploy.simulator.listeners import HOST, Listeners
from deploy.simulator.rights import READING, Rule
from services.runtime.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Options:
    """How a fleet is served."""

    port: int = 0
    """The port that all clusters share; 0: any."""
    own_ports: frozenset[str] = frozenset()
    """Names of clusters that get a port of their own as well."""
    bad_tls: bool = True
    """Whether there are listeners with certificates that must not be trusted."""
    clock: Clock = field(default_factory=SystemClock)
    authority: Authority | None = None
    """None: a new one."""
    scripted: bool = False
    """Whether incidents happen by the clock; others happen only as they are ordered."""


@dataclass(frozen=True, slots=True)
class _Ports:
    shared: int
    own: Mapping[str, int]
    bad: Mapping[BadCertificate, int]


@dataclass(frozen=True, slots=True)
class RunningCluster:
    """One cluster that runs: its addresses, its accounts, and its faults."""

    simulated: Simulated
    api_url: str
    _authority: Authority
    _ports: _Ports
    _clock: Clock

    @property
    def name(self) -> str:
        """Its name in the fleet."""
        return self.simulated.cluster.name

    def backend_url(self, part: Part) -> str | None:
        """The base address of a backend, None if the cluster has none."""
        there = self.simulated.cluster.backend(part) is not None
        return f"{self.api_url}/{part.value}" if there else None

    def backend_token(self, part: Part) -> str | None:
        """The token that a backend wants, None if it is open or not there."""
        backend = self.simulated.cluster.backend(part)
        return None if backend is None else backend.token

    def bad_tls_url(self, kind: BadCertificate) -> str:
        """The same cluster behind a certificate that must not be trusted."""
        return f"https://{HOST}:{self._ports.bad[kind]}/c/{self.name}"

    def account(self, name: str = "reader") -> Account:
        """An account from the start: ``reader``, ``operator`` or ``nobody``."""
        return self.simulated.cluster.account(name)

    def admit(self, name: str, token: str, rules: Iterable[Rule] = READING) -> Account:
        """A new account, or another token and other rights for one that is there."""
        account = Account(name, token, tuple(rules))
        self.simulated.admission.admit(account)
        return account

    def client_certificate(self, name: str = "reader") -> Identity:
        """A client certificate for one of the accounts from the start."""
        return self._authority.client(self.account(name).name, self.name)

    def fail(self, fault: Fault | FaultKind, part: Part = Part.API) -> None:
        """Let a part misbehave from the next request on; ``FaultKind.NONE`` heals it."""
        told = Fault(fault) if isinstance(fault, FaultKind) else fault
        self.simulated.faults.set(part, told)

    def happen(self, incident: Incident, seconds: float) -> None:
        """Let something go wrong from now on; for 0 seconds: not any more."""
        now = self._clock.now().timestamp()
        self.simulated.cluster.stage.order(incident, now, seconds)

    def entry(self) -> Entry:
        """What its kubeconfig says."""
        by_certificate = self.simulated.cluster.by_certificate
        credential = self.client_certificate() if by_certificate else self.account().token
        return Entry(self.name, self.api_url, self._authority.pem, credential)


@dataclass(frozen=True, slots=True)
class Running:
    """A fleet that runs."""

    fleet: Fleet
    url: str
    """What all clusters share; faults are set below ``/_control``."""
    clusters: Mapping[str, RunningCluster]
    authority: Authority

    def cluster(self, name: str) -> RunningCluster:
        """A cluster by its name; KeyError if there is none."""
        return self.clusters[name]

    def write_kubeconfigs(self, folder: Path) -> Path:
        """Write one kubeconfig for each cluster; gives the path of one with all contexts."""
        entries = (cluster.entry() for cluster in self.clusters.values())
        return kubeconfig.write(folder, entries)


@asynccontextmanager
async def simulating(fleet: Fleet, options: Options | None = None) -> AsyncGenerator[Running]:
    """Serve a fleet for the time of a block."""
    chosen = options or Options()
    fleet = fleet.staged(scripted=chosen.scripted)
    clusters = {each.name: Simulated(each, Admission(each)) for each in fleet.clusters}
    authority = chosen.authority or Authority(chosen.clock.now())
    app = Application(clusters, chosen.clock, Control(clusters).answer)
    listeners = Listeners(app, authority.pem)
    try:
        ports = await _open(listeners, authority, chosen)
        app.own_ports.update({port: name for name, port in ports.own.items()})
        running = _running(fleet, clusters, authority, ports, chosen.clock)
        _tell_hubs(running)
        yield running
    finally:
        await listeners.close()


def _tell_hubs(running: Running) -> None:
    """Let every hub know where the clusters are that it manages."""
    known = {each.name: _managed(each, running.authority) for each in running.clusters.values()}
    for each in running.clusters.values():
        cluster = each.simulated.cluster
        if cluster.manages:
            addresses = {name: known[name] for name in cluster.manages}
            each.simulated.relocate(replace(cluster, addresses=addresses))


def _managed(running: RunningCluster, authority: Authority) -> Managed:
    openshift = running.simulated.cluster.platform is not Platform.KUBERNETES
    return Managed(running.api_url, authority.pem, "OpenShift" if openshift else "Other")


async def _open(listeners: Listeners, authority: Authority, options: Options) -> _Ports:
    good = authority.server()
    shared = await listeners.open(good, options.port)
    own = {name: await listeners.open(good) for name in sorted(options.own_ports)}
    kinds = list(BadCertificate) if options.bad_tls else []
    bad = {kind: await listeners.open(authority.bad(kind)) for kind in kinds}
    return _Ports(shared, own, bad)


def _running(
    fleet: Fleet,
    clusters: Mapping[str, Simulated],
    authority: Authority,
    ports: _Ports,
    clock: Clock,
) -> Running:
    url = f"https://{HOST}:{ports.shared}"
    made: dict[str, RunningCluster] = {}
    for name, simulated in clusters.items():
        own = ports.own.get(name)
        address = f"{url}/c/{name}" if own is None else f"https://{HOST}:{own}"
        made[name] = RunningCluster(simulated, address, authority, ports, clock)
    return Running(fleet, url, made, authority)

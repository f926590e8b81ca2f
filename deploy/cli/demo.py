"""`aiops up --demo`: a simulated fleet beside the platform, registered with credentials."""

import hashlib
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.cli.clusters_api import connected
from deploy.cli.demo_fleet import Demonstration, Pauses, Registrar
from deploy.cli.reach import Door
from deploy.local.child import Program
from deploy.local.keeper import Charge
from deploy.local.ports import free_port
from deploy.local.private import make_private, write_private
from deploy.local.run_file import Run

CLUSTERS = 12
_SEED = 7
_NAME = "simulator"
_LOWEST_PORT, _PORTS, _CANDIDATES = 20_000, 12_000, 50
_PAUSES: Pauses = (2.0, 5.0, 15.0, 30.0)


@dataclass(frozen=True, slots=True)
class DemoFleet:
    """The simulator as the launcher runs it, and how its clusters become the platform's."""

    data_dir: Path
    environment: Mapping[str, str]
    report: Callable[[str], None]
    pauses: Pauses = _PAUSES
    """Seconds before each further try to register what could not be."""

    @property
    def remark(self) -> str:
        """What the line that says "ready" says of it."""
        return f"with a simulated fleet of {CLUSTERS} clusters"

    @property
    def folder(self) -> Path:
        """Everything of the simulated fleet."""
        return self.data_dir / "demo"

    @property
    def _ready(self) -> Path:
        return self.folder / "ready.json"

    def charge(self) -> Charge:
        """The simulator, on the port that it had before wherever that is free."""
        make_private(self.folder)
        port = self._port()
        options = {"clusters": CLUSTERS, "seed": _SEED, "port": port, "folder": self.folder}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        program = Program(
            name=_NAME,
            argv=(sys.executable, "-m", "deploy.simulator", *words),
            # It needs none of the platform's settings, and some of those are secret.
            environment={
                name: value
                for name, value in self.environment.items()
                if not name.upper().startswith("AIOPS_")
            },
            log=self.data_dir / "logs" / f"{_NAME}.log",
        )
        return Charge(
            program,
            prepare=lambda: self._ready.unlink(missing_ok=True),
            is_ready=self._ready.exists,
        )

    async def introduce(self, run: Run) -> None:
        """Register its clusters, or mend what is registered of them."""
        demonstration = Demonstration.read(self._ready)
        async with connected(Door(run.gateway, run.token)) as api:
            registrar = Registrar(api, demonstration, self.folder / "registered.json")
            await registrar.register_all(self.pauses, self.report)

    def _port(self) -> int:
        file = self.folder / "port"
        try:
            return free_port(int(file.read_text()))
        except (OSError, ValueError, OverflowError):
            port = self._first_free()
        write_private(file, str(port))
        return port

    def _first_free(self) -> int:
        # Below the ports that the system gives to connections, where one could take it while the
        # simulator is started again; each data directory begins at another, as two may run.
        begin = int(hashlib.sha256(str(self.folder).encode()).hexdigest(), 16)
        for number in range(begin, begin + _CANDIDATES):
            with suppress(OSError):
                return free_port(_LOWEST_PORT + number % _PORTS)
        return free_port()

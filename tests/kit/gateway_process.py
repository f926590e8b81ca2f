"""A gateway in a process of its own, beside others on the same servers or alone on them."""

import subprocess
from dataclasses import dataclass, field

from deploy.local.child import last_lines, spawn
from deploy.local.parts import PartCommand, Wiring, platform_parts
from deploy.local.ports import answers, free_port
from services.runtime.settings import Settings, environment
from tests.kit.hub import until

_START_WITHIN, _STOP_WITHIN = 60.0, 20.0


def part_command(name: str) -> PartCommand:
    """How the launcher runs a part."""
    return next(each for each in platform_parts() if each.name == name)


def wired(settings: Settings, passwords: dict[str, str] | None = None, port: int = 0) -> Wiring:
    """As the launcher would, on servers that run already; the gateway on a port of its own."""
    gateway = settings.gateway.model_copy(update={"port": free_port(port)})
    chosen = settings.model_copy(update={"gateway": gateway})
    return Wiring(chosen, environment() | {"AIOPS_LIMITS__ENABLED": "false"}, passwords or {})


@dataclass
class GatewayProcess:
    """It starts, is killed or stopped, and starts again on the same port."""

    wiring: Wiring
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    @property
    def port(self) -> int:
        return self.wiring.settings.gateway.port

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it serves."""
        program = self.wiring.program(part_command("gateway"))
        self.process = spawn(program)
        until(
            lambda: self.process.poll() is not None or answers("127.0.0.1", self.port, "/ready"),
            _START_WITHIN,
        )
        assert self.process.poll() is None, last_lines(program.log)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as a new version of it would be put in its place: clients are told."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()

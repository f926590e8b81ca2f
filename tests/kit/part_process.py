"""A part in a process of its own, beside others on the same servers."""

import signal
import subprocess
from dataclasses import dataclass, field

from deploy.local.child import Program, spawn
from deploy.local.parts import Wiring
from services.runtime.settings import Settings, environment
from tests.kit.gateway_process import part_command

_STOP_WITHIN = 20.0


@dataclass
class PartProcess:
    """It runs, is stopped for a while, is killed or ends."""

    settings: Settings
    name: str
    environment: dict[str, str]
    part: str = "projector"
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        wiring = Wiring(self.settings, environment() | self.environment, {})
        told = wiring.program(part_command(self.part))
        log = wiring.logs / f"{self.name}.log"
        self.process = spawn(Program(self.name, told.argv, told.environment, log))

    def freeze(self) -> None:
        """It does nothing, and its connections stay."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on, as if no time had passed."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it cleanly."""
        if self.process.poll() is not None:
            return
        self.thaw()
        self.process.terminate()
        try:
            self.process.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()

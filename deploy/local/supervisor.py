"""`aiops up`: the whole platform on one machine, under one supervisor."""

import asyncio
import os
import webbrowser
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM
from typing import Any, Protocol

from deploy.local.child import ended, halt, last_lines, spawn
from deploy.local.claim import claimed, refuse_half_a_hub
from deploy.local.companion import Companion, accompany
from deploy.local.errors import CannotStart
from deploy.local.keeper import Keeper
from deploy.local.parts import GATEWAY, SETUP, PartCommand, Wiring, platform_parts
from deploy.local.ports import free_port
from deploy.local.run_file import Run, RunFile
from deploy.local.servers import Servers
from services.runtime.settings import Settings

_SERVERS_WITHIN = 30.0
_PARTS_WITHIN = 60.0
_HOOK_WITHIN = 10.0
_REVOKE_WITHIN = 1.0
# Gateway first, so that nothing new comes in; servers last. In all less than ten seconds.
_FIRST, _MIDDLE, _LATE, _NATS, _POSTGRES = 2.5, 2.0, 1.5, 1.0, 1.5


class Hooks(Protocol):
    """What the launcher asks of the platform's access control."""

    async def mint_token(self) -> str:
        """An administrator's token for this run."""
        ...

    async def mint_login_code(self) -> str:
        """A code that becomes a session, once."""
        ...

    async def revoke_token(self, token: str) -> None:
        """The token is worth nothing from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the launcher gets from whoever calls it."""

    environment: Mapping[str, str]
    report: Callable[[str], None]
    """Takes the progress lines."""
    parts: tuple[PartCommand, ...] = field(default_factory=platform_parts)
    companion: Callable[[Path], Companion] | None = None
    """Makes what runs beside the platform, of the data directory."""


async def up(
    settings: Settings,
    *,
    port: int,
    open_browser: bool,
    hooks: Callable[[Settings], Hooks],
    around: Surroundings,
) -> int:
    """Run the platform until a signal ends it; the exit code.

    ``hooks`` are made from the effective settings, which name the servers that were started.
    Call it on the main thread: it takes SIGINT, SIGTERM and SIGHUP.
    """
    directory = settings.data_dir.absolute()
    try:
        with claimed(directory), _stop_signal() as stopped:
            refuse_half_a_hub(directory)
            chosen = _with_port(settings.model_copy(update={"data_dir": directory}), port)
            launch = _Launch(chosen, hooks, around)
            return await launch.run(stopped, open_browser=open_browser)
    except CannotStart as error:
        around.report(f"aiops up: {error}")
        return 1


class _Launch:
    """One run of the platform."""

    def __init__(
        self, settings: Settings, hooks: Callable[[Settings], Hooks], around: Surroundings
    ) -> None:
        self._report = around.report
        self._parts = {part.name: part for part in around.parts}
        self._servers = Servers.chosen(settings, around.environment, tuple(self._parts))
        effective = self._servers.settings(settings)
        self._wiring = Wiring(effective, around.environment, self._servers.passwords)
        self._hooks = hooks(effective)
        self._keeper = Keeper(self._report, self._write)
        self._is_set_up = asyncio.Event()
        self._file = RunFile(settings.data_dir / "run.json")
        self._run: Run | None = None
        self._companion = around.companion(settings.data_dir) if around.companion else None
        self._beside: asyncio.Task[None] | None = None

    async def run(self, stopped: asyncio.Event, *, open_browser: bool) -> int:
        """Start everything, wait for the signal, stop everything."""
        ready = self._accompany()
        waiting = asyncio.create_task(stopped.wait())
        starting = asyncio.create_task(self._start())
        try:
            await asyncio.wait({waiting, starting}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                link = starting.result()
                self._report(f"AIOps NextGen is ready: {link}{self._remark}")
                if self._run is not None:
                    ready.set_result(self._run)
                if open_browser:
                    await asyncio.to_thread(webbrowser.open, link)
                await waiting
        finally:
            waiting.cancel()
            starting.cancel()
            await asyncio.wait({starting})
            await self._stop()
        return 0

    async def _start(self) -> str:
        """Bring everything up; the link that signs a browser in."""
        left = self._file.take()
        await self._start_servers()
        self._report("Preparing streams and tables")
        setup = self._parts.get(SETUP)
        if setup is None or not setup.beside:
            await self._set_up()
            await self._start_parts()
        else:
            await _both(self._set_up(), self._start_parts())
        return await self._announce(left)

    async def _start_parts(self) -> None:
        running = [part for name, part in self._parts.items() if name != SETUP]
        self._report(f"Starting {', '.join(part.name for part in running)}")
        charges = [self._wiring.charge(part) for part in running]
        await self._keeper.start(*charges, within=_PARTS_WITHIN, after=self._is_set_up)

    async def _start_servers(self) -> None:
        charges = self._servers.charges
        if charges:
            names = ", ".join(charge.program.name for charge in charges)
            self._report(f"Starting {names} in {self._wiring.settings.data_dir}")
            await self._keeper.start(*charges, within=_SERVERS_WITHIN)
        if self._servers.postgres:
            await asyncio.to_thread(self._servers.postgres.finish)

    async def _set_up(self) -> None:
        """Run the one-shot part to its end: streams and durable tables exist afterwards."""
        part = self._parts.get(SETUP)
        if part is None:
            self._is_set_up.set()
            return
        program = self._wiring.program(part)
        process = spawn(program)
        try:
            code = await asyncio.wait_for(ended(process), part.within)
        except TimeoutError:
            raise CannotStart(f"setup takes longer than {part.within:g} s") from None
        finally:
            if process.poll() is None:
                await halt(process, SIGTERM, 1.0)
        if code != 0:
            raise CannotStart(f"setup ended with {code} ({program.log})\n{last_lines(program.log)}")
        self._is_set_up.set()

    async def _announce(self, left: str) -> str:
        if left:
            await self._ask(self._hooks.revoke_token(left), _HOOK_WITHIN)
        async with asyncio.timeout(_HOOK_WITHIN):
            token = await self._hooks.mint_token()
            code = await self._hooks.mint_login_code()
        settings = self._wiring.settings
        self._run = Run(
            gateway=self._wiring.gateway,
            nats=self._servers.outside_url(settings),
            database=settings.database.url.get_secret_value(),
            token=token,
            pid=os.getpid(),
        )
        self._write()
        return f"{self._wiring.gateway}/login#code={code}"

    def _accompany(self) -> asyncio.Future[Run]:
        """Start what runs beside the platform; it goes on when the future is there."""
        ready: asyncio.Future[Run] = asyncio.get_running_loop().create_future()
        if self._companion is not None:
            work = accompany(self._companion, self._keeper, ready, self._report)
            self._beside = asyncio.create_task(work)
            self._beside.add_done_callback(self._introduced)
        return ready

    @property
    def _remark(self) -> str:
        fails = self._beside is None or self._beside.done()
        return "" if fails or self._companion is None else f" ({self._companion.remark})"

    def _introduced(self, beside: asyncio.Task[None]) -> None:
        # It is no part any more if it could not be started.
        self._write()
        if not beside.cancelled() and (error := beside.exception()):
            self._report(f"what runs beside the platform has failed: {type(error).__name__}")

    def _write(self) -> None:
        """Write the file again, after each restart of a part; nothing before all are ready."""
        if self._run is not None:
            parts = self._keeper.pids
            run = self._run
            self._file.write(Run(run.gateway, run.nats, run.database, run.token, run.pid, parts))

    async def _ask(self, answer: Awaitable[None], within: float) -> None:
        """Wait for a hook that must not hold up the rest."""
        task = asyncio.ensure_future(answer)
        _, late = await asyncio.wait({task}, timeout=within)
        if late:
            task.cancel()
            self._report("the administrator's token was not revoked in time")
        elif error := task.exception():
            self._report(f"the administrator's token was not revoked: {error}")

    async def _stop(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            self._report("Stopping")
        self._file.path.unlink(missing_ok=True)
        if self._beside is not None:
            self._beside.cancel()
            await asyncio.wait({self._beside})
        await self._keeper.stop([GATEWAY], _FIRST)
        if run is not None:
            await self._ask(self._hooks.revoke_token(run.token), _REVOKE_WITHIN)
        last = ("projector", "nats", "postgres")
        await self._keeper.stop([n for n in self._keeper.names if n not in last], _MIDDLE)
        for name, patience in zip(last, (_LATE, _NATS, _POSTGRES), strict=True):
            await self._keeper.stop([name], patience)


async def _both(setup: Coroutine[Any, Any, None], parts: Coroutine[Any, Any, None]) -> None:
    """Parts are loaded beside set-up, and wait for its end; what fails there ends both."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(setup)
            group.create_task(parts)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _with_port(settings: Settings, port: int) -> Settings:
    try:
        chosen = free_port(port, settings.gateway.host)
    except OSError as error:
        raise CannotStart(
            f"port {port} cannot be used ({error.strerror}): choose another --port, 0 for any"
        ) from None
    gateway = settings.gateway.model_copy(update={"port": chosen})
    return settings.model_copy(update={"gateway": gateway})


@contextmanager
def _stop_signal() -> Generator[asyncio.Event]:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    signals = (SIGINT, SIGTERM, SIGHUP)
    for signal in signals:
        loop.add_signal_handler(signal, stopped.set)
    try:
        yield stopped
    finally:
        for signal in signals:
            loop.remove_signal_handler(signal)

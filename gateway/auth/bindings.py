"""What users may do by the groups that they are in, as the settings or a file say."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter, ValidationError

from contracts import access
from contracts.access import BINDINGS_KEY, AccessBindingsChanged, Binding
from contracts.catalog import UnknownEvent
from contracts.envelope import Recorded
from gateway.auth.trail import Trail
from gateway.directory import Directory
from services.runtime.bus import BusUnavailable, JetStreamRefused
from services.runtime.health import Finding
from services.runtime.ids import derived_id
from services.runtime.log import EventLog
from services.runtime.logging import logger
from services.runtime.principals import EVERYWHERE, Grant, Role, Scope
from services.runtime.settings_access import AccessSettings

_LOOK_SECONDS = 0.5
"""So far apart are looks at the file: with the recheck of sockets a change counts within 2 s."""
_LARGEST = 256 * 1024
"""Bytes of the file: all of it stands in an event."""
_REMEMBERED = 10_000
"""Sets of groups; a set is that of one user or of many."""
_LIST = TypeAdapter[tuple[Binding, ...]](access.Bindings)


class _Unreadable(Exception):
    """There is no list of bindings in the file; the text is one line."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.gone = gone
        """Nothing could be read; otherwise it is what was read that is wrong."""


@dataclass
class Bindings:
    """Says what groups may do now, and tells when that is no longer what it was."""

    settings: AccessSettings
    directory: Directory
    trail: Trail
    log: EventLog
    changed: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Called when somebody may have other rights than before."""
    _bindings: tuple[Binding, ...] = field(default=(), init=False)
    _known: OrderedDict[frozenset[str], tuple[Grant, ...]] = field(
        default_factory=OrderedDict[frozenset[str], tuple[Grant, ...]], init=False
    )
    _known_at: int = field(default=-1, init=False)
    """The directory's version that those stand for."""
    _file: bytes | None = field(default=None, init=False)
    """What the file held at the last look."""
    _error: str = field(default="", init=False)
    _read_once: bool = field(default=False, init=False)
    _told: tuple[Binding, ...] | None = field(default=None, init=False)
    """What the log was found to say; None before that is known."""

    def __post_init__(self) -> None:
        self._bindings = self.settings.bindings
        self.directory.changed.append(self._labels_changed)

    def grants(self, groups: frozenset[str]) -> tuple[Grant, ...]:
        """What somebody in these groups may do, and where: one grant a role, the most first.

        A selector that no cluster matches (yet) gives a role without clusters.
        """
        if self._known_at != self.directory.version:
            self._known.clear()
            self._known_at = self.directory.version
        found = self._known.get(groups)
        if found is None:
            found = self._known[groups] = granted(self._bindings, groups, self.directory)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found

    def finding(self) -> Finding:
        """For health: what is wrong with the file; not ready as long as none of it was good."""
        return Finding(self.settings.bindings_file is None or self._read_once, self._error)

    async def run(self, stopping: asyncio.Event) -> None:
        """Look at the file again and again, and tell the log what has changed."""
        reason: Literal["start", "file"] = "start"
        while not stopping.is_set():
            if await self.read():
                reason = "file"
            await self._tell(reason)
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await stopping.wait()
            except TimeoutError:
                continue

    async def read(self) -> bool:
        """Take the file over as it is now; True if it says something else than before.

        A file that cannot be read leaves what was there.
        """
        path = self.settings.bindings_file
        if path is None:
            return False
        try:
            held = await asyncio.to_thread(_content, path)
            if held == self._file:
                return False
            # Of a file that is wrong it is said once, too.
            self._file = held
            bindings = await asyncio.to_thread(_parsed, held)
        except _Unreadable as error:
            if error.gone:
                self._file = None
            self._failed(f"{path}: {error}")
            return False
        self._error, first, self._read_once = "", not self._read_once, True
        if bindings == self._bindings:
            return False
        self._bindings = bindings
        self._known.clear()
        logger("access").info("bindings_read", count=len(bindings))
        self._rights_changed()
        return not first

    def _failed(self, error: str) -> None:
        if error != self._error:
            logger("access").error("bindings_unreadable", reason=error)
        self._error = error

    def _labels_changed(self) -> None:
        if any(binding.selector for binding in self._bindings):
            self._rights_changed()

    def _rights_changed(self) -> None:
        for tell in self.changed:
            tell()

    async def _tell(self, reason: Literal["start", "file"]) -> None:
        """Tell the log if it says something else; of several gateways with the same id."""
        if self._told == self._bindings or not self.finding().ready:
            return
        try:
            last = await self.log.head(BINDINGS_KEY)
        except (BusUnavailable, JetStreamRefused):
            return  # Looked up again at the next look.
        except (UnknownEvent, ValidationError):
            # Of a newer version, which tells of them itself.
            logger("access").warning("bindings_not_told", reason="the last event is unknown here")
            self._told = self._bindings
            return
        if _told_by(last) != self._bindings:
            content = sha256(_LIST.dump_json(self._bindings)).hexdigest()
            once = derived_id("bindings", 0 if last is None else last.sequence, content)
            event = AccessBindingsChanged(bindings=self._bindings, reason=reason)
            self.trail.note(event, once=once)
        self._told = self._bindings


def _told_by(last: Recorded | None) -> tuple[Binding, ...]:
    told = None if last is None else last.event
    return told.bindings if isinstance(told, AccessBindingsChanged) else ()


def granted(
    bindings: tuple[Binding, ...], groups: frozenset[str], directory: Directory
) -> tuple[Grant, ...]:
    """What these bindings give to somebody in these groups."""
    scopes: dict[Role, Scope] = {}
    for binding in bindings:
        if binding.group in groups:
            matching = directory.matching
            here = Scope(matching(binding.selector)) if binding.selector else EVERYWHERE
            scopes[binding.role] = scopes.get(binding.role, here) | here
    return tuple(Grant(role, scopes[role]) for role in Role if role in scopes)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            held = file.read(_LARGEST + 1)
    except OSError as error:
        raise _Unreadable(error.strerror or "cannot be read", gone=True) from None
    if len(held) > _LARGEST:
        raise _Unreadable(f"is larger than {_LARGEST} bytes", gone=True)
    return held


def _parsed(held: bytes) -> tuple[Binding, ...]:
    try:
        told: object = yaml.safe_load(held)
    except yaml.MarkedYAMLError as error:
        # Never what stands there: it may be a secret that was mounted in the wrong place.
        line = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        raise _Unreadable(f"is not YAML{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _Unreadable("is not YAML") from None
    if not isinstance(told, list):
        # An empty file is one that is being written.
        raise _Unreadable("must hold a list of group, role and selector; [] for none")
    try:
        return _LIST.validate_python(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _Unreadable(f"{where}: {first['msg']}") from None

"""`aiops publishers`: who may publish commands from outside, at the NATS server and by its role."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from deploy.cli.configured import settings_or_fail
from deploy.cli.output import fail, listing, say
from deploy.cli.reach import Hub, database_of, hub
from deploy.local.nats_files import login_file
from deploy.local.nats_publishers import (
    OUTSIDE,
    PUBLISHERS_FILE,
    is_publisher_name,
    publishers,
    with_publishers,
)
from deploy.local.nats_reload import CannotReload, let_in, shut_out
from deploy.local.nats_users import passwords
from deploy.local.private import make_private, write_private
from projections.fleet import queries
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.ids import new_secret
from services.runtime.principals import Principal, Role
from services.runtime.publishers import Publishers

_WRONG_USE = 2
_CONFIGURATION = "nats.conf"
_USERS = "nats-users.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A publisher as it shall be."""

    name: str
    role: Role
    clusters: tuple[str, ...] = ()
    server: Path | None = None
    """Where `aiops nats init` has written; None: what `aiops up` runs here."""
    out: Path | None = None
    """Where its login goes; by default into `publishers` beside the server's files."""


@dataclass(frozen=True, slots=True)
class _Server:
    """The NATS server whose configuration holds the publishers."""

    directory: Path
    url: str
    pid: int | None = None
    """None: it is not ours to tell."""
    known: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    def let_in(self, name: str) -> str:
        """Have a publisher from now on; its password, which is the old one if it had one."""
        old = self.known.get(name) or (self._first_password() if name == OUTSIDE else None)
        self.known[name] = old or new_secret()
        return self.known[name]

    def shut_out(self, name: str) -> str | None:
        """Have it no more; the password that it had, None if it could not connect."""
        if name != OUTSIDE:
            return self.known.pop(name, None)
        password = self.known.get(OUTSIDE, self._first_password())
        # Said, not left out: it is among the users that a server is given at every start.
        self.known[OUTSIDE] = ""
        return password or None

    def _first_password(self) -> str:
        return passwords(self.directory / _USERS)[OUTSIDE]

    def write(self) -> None:
        """Its configuration, with the publishers that are known now."""
        file = self.directory / _CONFIGURATION
        settings = with_publishers(json.loads(file.read_text()), self.known)
        write_private(self.directory / PUBLISHERS_FILE, json.dumps(self.known, indent=2))
        write_private(file, json.dumps(settings, indent=2))


async def add(wanted: Wanted) -> None:
    """Let a publisher in; its password goes into a file, and is the old one if it had one."""
    if wanted.name != OUTSIDE and not is_publisher_name(wanted.name):
        fail("NAME must be a-z, 0-9 and -, 63 at most, and no part's own", _WRONG_USE)
    found = hub()
    server = _server(found, wanted.server)
    async with database_of(found) as database:
        scope = await _clusters(database, wanted.clusters)
        if wanted.role is Role.ADMIN and scope:
            fail("an admin is for all clusters: leave --cluster out", _WRONG_USE)
        await Publishers(database, SystemClock()).put(Principal.of(wanted.name, wanted.role, scope))
    password = server.let_in(wanted.name)
    server.write()
    out = wanted.out or server.directory / "publishers" / f"{wanted.name}.env"
    if wanted.out is None:
        make_private(out.parent)
    write_private(out, login_file("NATS_", server.url, wanted.name, password))
    if server.pid is None:
        # Its first reload makes the account, its second what that may reach.
        say("tell the server twice: nats-server --signal reload=PID")
    else:
        await _told(let_in, server, wanted.name, password)
    say(f"its login: {out}")


async def remove(name: str, at: Path | None) -> None:
    """Refuse a publisher from now on, and shut it out of the server."""
    found = hub()
    server = _server(found, at)
    async with database_of(found) as database:
        was_known = await Publishers(database, SystemClock()).remove(name)
    password = server.shut_out(name)
    if password is not None:
        server.write()
        (server.directory / "publishers" / f"{name}.env").unlink(missing_ok=True)
        if server.pid is None:
            say("tell the server: nats-server --signal reload=PID")
        else:
            await _told(shut_out, server, name, password)
    if not was_known and password is None:
        fail(f"there is no publisher {name}")
    say("removed")


async def show(*, as_json: bool) -> None:
    """Every publisher and what it may do, without its password."""
    async with database_of(hub()) as database:
        known = await Publishers(database, SystemClock()).all()
    rows = [
        {
            "name": each.name,
            "role": each.role,
            "clusters": each.named,
        }
        for each in known
    ]
    listing(rows, as_json=as_json, empty="there are no publishers")


async def _clusters(database: Database, wanted: Iterable[str]) -> frozenset[UUID]:
    wanted = tuple(wanted)
    if not wanted:
        return frozenset()
    _, known = await queries.names(database)
    by_name = {text: of for of, called in known for text in (called, str(of))}
    for name in wanted:
        if name not in by_name:
            fail(f"there is no cluster named {name}: register it first")
    return frozenset(by_name[name] for name in wanted)


def _server(found: Hub, at: Path | None) -> _Server:
    settings = settings_or_fail()
    if at is None and settings.nats.url:
        fail("--nats must name the folder that `aiops nats init` has written", _WRONG_USE)
    directory = at or settings.data_dir
    if not (directory / _CONFIGURATION).exists():
        fail(f"there is no {directory / _CONFIGURATION}")
    pid = None if at else found.parts.get("nats")
    return _Server(directory, found.settings.nats.url, pid, publishers(directory))


async def _told(tell: Callable[[int, str, str, str], None], server: _Server, *login: str) -> None:
    name, password = login
    try:
        await asyncio.to_thread(tell, server.pid or 0, server.url, name, password)
    except CannotReload as error:
        fail(str(error))

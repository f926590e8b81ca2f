"""A hub and a far-edge site: two NATS servers, and a link between them that can be cut."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from deploy.leaf.servers import COLLECTOR, SiteEnd
from deploy.local.child import Program
from deploy.local.nats_server import find_binary
from deploy.local.nats_sites import HubEnd
from deploy.local.nats_users import SETUP, USERS, accounts
from deploy.local.ports import free_port, greets
from deploy.local.private import write_private
from services.runtime.settings import EdgeSettings, NatsSettings, Settings
from tests.kit.embedded import Running

SITE = "ship-7"
OTHER_SITE = "ship-8"
PASSWORDS = {user: f"p-{user}" for user in (*USERS, COLLECTOR)}


@dataclass
class Configured:
    """A NATS server with a configuration of ours."""

    name: str
    directory: Path
    port: int
    settings: dict[str, Any]

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        write_private(self.directory / "nats.conf", json.dumps(self.settings))

    def program(self) -> Program:
        return Program(
            name=self.name,
            argv=(str(find_binary({})), "-c", str(self.directory / "nats.conf")),
            environment={},
            log=self.directory / "logs" / "nats.log",
        )

    def is_ready(self) -> bool:
        return greets("127.0.0.1", self.port, b"INFO ")

    def nats(self, user: str) -> NatsSettings:
        """How a user connects."""
        return NatsSettings(
            url=f"nats://127.0.0.1:{self.port}", user=user, password=SecretStr(PASSWORDS[user])
        )


@dataclass
class Link:
    """A TCP relay on the way from the site to the hub."""

    port: int
    to: int
    up: bool = True
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])
    _carrying: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def stop(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for _ in range(5):  # What was accepted just now has its turn to be carried.
            await asyncio.sleep(0)
        if self._carrying:
            await asyncio.wait(self._carrying)

    def cut(self) -> None:
        """Nothing goes through any more."""
        self.up = False
        for writer in self._open:
            writer.transport.abort()

    def restore(self) -> None:
        """New connections go through again."""
        self.up = True

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = {writer}
        try:
            if not self.up:
                return
            there, back = await asyncio.open_connection("127.0.0.1", self.to)
            writers.add(back)
            if not self.up:
                return
            self._open |= writers
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        except OSError:
            return
        finally:
            self._open -= writers
            for each in writers:
                each.transport.abort()
            # Until they are closed indeed.
            await asyncio.gather(*(each.wait_closed() for each in writers), return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@dataclass
class Ends:
    """Both servers and the link."""

    hub: Running[Configured]
    site: Running[Configured]
    leaf_port: int
    link_port: int

    def at_hub(self, settings: Settings, user: str = "workers") -> Settings:
        """Settings of a part of the hub."""
        edge = EdgeSettings(sites=(SITE,))
        return settings.model_copy(update={"nats": self.hub.server.nats(user), "edge": edge})

    @asynccontextmanager
    async def linked(self) -> AsyncGenerator[Link]:
        """The link, for the time of a block; the servers find it by themselves."""
        link = Link(self.link_port, self.leaf_port)
        await link.start()
        try:
            yield link
        finally:
            await link.stop()


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Files of a link by TLS: what the hub shows, and whom the site believes."""

    certificate: Path
    key: Path
    authority: Path


@contextmanager
def two_servers(directory: Path, tls: Encrypted | None = None) -> Generator[Ends]:
    """A hub's server and a site's, not yet linked."""
    hub_port, leaf_port, site_port, link_port = (free_port() for _ in range(4))
    inside = {user: PASSWORDS[user] for user in USERS}
    base: dict[str, Any] = {
        "listen": f"127.0.0.1:{hub_port}",
        "server_name": "hub",
        "max_payload": 2 * 1024 * 1024,
        "jetstream": {"store_dir": str(directory / "hub" / "store"), "sync_interval": "1s"},
        "accounts": accounts(inside),
    }
    passwords = {SITE: "leaf-secret", OTHER_SITE: "other-secret"}
    files = (str(tls.certificate), str(tls.key)) if tls else ()
    end = HubEnd(f"127.0.0.1:{leaf_port}", passwords, *files)
    site = SiteEnd(
        SITE,
        f"{'tls' if tls else 'nats-leaf'}://127.0.0.1:{link_port}",
        passwords[SITE],
        {user: PASSWORDS[user] for user in (SETUP, COLLECTOR)},
        store=directory / "site" / "store",
        listen=f"127.0.0.1:{site_port}",
        ca_file=str(tls.authority) if tls else "",
    )
    hub_server = Configured("hub", directory / "hub", hub_port, end.into(base))
    site_server = Configured("site", directory / "site", site_port, site.settings())
    hub = Running(hub_server)
    try:
        leaf = Running(site_server)
        try:
            yield Ends(hub, leaf, leaf_port, link_port)
        finally:
            leaf.stop()
    finally:
        hub.stop()

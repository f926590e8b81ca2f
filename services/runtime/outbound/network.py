"""Connects to addresses that were checked a moment before, and to no others.

The name is resolved here and the connection goes to the very address that was judged. A name whose
answer changes between check and use, or a redirect to another name, therefore reaches nothing
that is refused. TLS still asks for the host's name: only the TCP connection is made by address.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address

import httpcore

from services.runtime.outbound.addresses import Address, AddressRules
from services.runtime.outbound.sockets import EventLoopNetwork

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host as text; OSError if there are none."""

_PATIENCE = 10.0
_TRIED = 8
_THREADS = 16


class Unresolved(httpcore.ConnectError):
    """The host's name has no address that could be found in time."""


class RefusedAddress(httpcore.ConnectError):
    """The host has only addresses that are never connected to."""

    def __init__(self, address: Address, reason: str) -> None:
        super().__init__(f"{address} is {reason}")
        self.address = address
        self.reason = reason


def plain_network() -> httpcore.AsyncNetworkBackend:
    """The network as it is."""
    return EventLoopNetwork()


class SystemNames:
    """Asks the system for addresses, on threads of its own.

    A dead name server holds a thread for many seconds. The loop's own threads are few and have
    other work, so they are not lent for this.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, in the system's order (RFC 6724)."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Ask nothing more; what is being asked is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Connection(httpcore.AsyncNetworkStream):
    """A TCP connection that is closed if its owner loses patience while TLS begins."""

    inner: httpcore.AsyncNetworkStream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self.inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self.inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self.inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            # `httpcore` closes it after an error, but forgets it after a cancellation.
            await self.inner.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        return self.inner.get_extra_info(info)


@dataclass(frozen=True)
class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """The network as `httpcore` sees it, without the refused addresses."""

    rules: AddressRules
    resolve: Resolve
    inner: httpcore.AsyncNetworkBackend = field(default_factory=plain_network)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that takes one; they share the time that there is."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (_PATIENCE if timeout is None else timeout)
        addresses = await self._permitted(host, port, deadline)
        failure: Exception | None = None
        for tried, address in enumerate(addresses):
            share = max(deadline - loop.time(), 0.0) / (len(addresses) - tried)
            try:
                stream = await self.inner.connect_tcp(
                    str(address), port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Connection(stream)
        raise failure or Unresolved("the name has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: what is outside is not on this machine's file system."""
        raise httpcore.ConnectError("sockets in the file system are not connected to")

    async def sleep(self, seconds: float) -> None:
        """Wait between tries."""
        await asyncio.sleep(seconds)

    async def _permitted(self, host: str, port: int, deadline: float) -> list[Address]:
        found = await self._addresses(host, port, deadline)
        refusals = {address: self.rules.refusal(address) for address in found}
        permitted = [address for address, reason in refusals.items() if reason is None]
        for address, reason in refusals.items():
            if reason is not None and not permitted:
                raise RefusedAddress(address, reason)
        return permitted[:_TRIED]

    async def _addresses(self, host: str, port: int, deadline: float) -> list[Address]:
        try:
            return [ip_address(host)]
        except ValueError:
            pass  # A name, or an odd spelling of a number, which the system reads in its own way.
        try:
            async with asyncio.timeout_at(deadline):
                return [ip_address(text) for text in await self.resolve(host, port)]
        except TimeoutError:
            raise Unresolved("the name service did not answer in time") from None
        except (OSError, ValueError) as error:  # A UnicodeError, for an impossible name, is one.
            raise Unresolved("the name is not known") from error

"""Asks a cluster's backend: within a budget of bytes, a deadline and its circuit.

Whatever goes wrong comes as a Refused that says, in words, what did and what to do about it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from contracts.clusters import Checked
from contracts.refusals import Code, Refused
from contracts.telemetry import Budget
from services.runtime.backends import faults
from services.runtime.backends.circuits import Gate
from services.runtime.backends.endpoints import endpoint
from services.runtime.backends.known import Endpoint
from services.runtime.backends.room import Room, Share
from services.runtime.outbound.faults import Fault, FaultKind
from services.runtime.outbound.reading import Answer, Options, fetch
from services.runtime.replies import Asked

T = TypeVar("T")

Params = Sequence[tuple[str, str]]
"""Names may repeat."""

_MARGIN = 0.25
"""Seconds before the asker's deadline at which a backend is given up, so that it can be told."""
_CONCLUSIVE = 1.0
"""With less time than these seconds a timeout says nothing about the backend."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
_room = Room()


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend of one cluster, for the time of one question."""

    endpoint: Endpoint
    until: float
    """The loop's time at which the answer must be there."""
    limit: int
    """Bytes of one body, unpacked."""
    asked: Asked = field(repr=False)
    gate: Gate = field(repr=False)
    share: Share = field(repr=False)

    @property
    def which(self) -> Checked:
        """Prometheus, Loki, Tempo, Alertmanager or Korrel8r."""
        return self.endpoint.which

    @property
    def seconds(self) -> float:
        """How long there still is."""
        return max(self.until - asyncio.get_running_loop().time(), 0.001)

    async def get(
        self,
        path: str,
        params: Params = (),
        *,
        read: Callable[[bytes], T],
        absent: Callable[[bytes], T] | None = None,
    ) -> T:
        """What is read of the body of a good answer; ``path`` is relative.

        ``absent`` reads that of a 404, where it may be an answer. A body that cannot be read counts
        against the backend as any other failure does.
        """
        asked = f"{path}?{urlencode(params)}" if params else path
        options = Options(headers=self.endpoint.headers)
        return await self._told("GET", asked, options, (read, absent))

    async def post(self, path: str, form: Params = (), *, read: Callable[[bytes], T]) -> T:
        """The same for a form, which may be longer than a URL."""
        headers: Mapping[str, str] = {**self.endpoint.headers, **_FORM}
        options = Options(headers=headers, content=urlencode(form).encode())
        return await self._told("POST", path, options, (read, None))

    async def post_json(
        self,
        path: str,
        body: bytes,
        *,
        read: Callable[[bytes], T],
        absent: Callable[[bytes], T] | None = None,
    ) -> T:
        """The same for JSON."""
        options = Options(headers={**self.endpoint.headers, **_JSON}, content=body)
        return await self._told("POST", path, options, (read, absent))

    async def delete(self, path: str, *, absent: Callable[[bytes], object]) -> None:
        """Have something taken away there; ``absent`` as in `get`."""
        options = Options(headers=self.endpoint.headers)
        await self._told("DELETE", path, options, (lambda _: None, absent))

    @asynccontextmanager
    async def tried(self) -> AsyncGenerator[None]:
        """Ask the backend something in this block, if its circuit lets one.

        A `faults.Failing` out of it counts against the backend, any other Refused does not.
        """
        async with self.gate.tried():
            yield

    async def _told(
        self,
        method: str,
        path: str,
        options: Options,
        readers: tuple[Callable[[bytes], T], Callable[[bytes], T] | None],
    ) -> T:
        read, absent = readers
        async with self.tried():
            answer = await self._answer(method, path, options)
            page = faults.is_page(answer.headers, answer.body)
            if answer.status == 404 and absent is not None and not page:
                return absent(answer.body)
            if not 200 <= answer.status < 300:
                raise self._refusal(answer)
            if page:
                raise faults.page(self.which)
            return read(answer.body)

    async def _answer(self, method: str, path: str, options: Options) -> Answer:
        seconds = self.seconds
        client = self.endpoint.client(self.asked.outside.outbound)
        options = Options(headers=options.headers, content=options.content, room=self.share.grow)
        try:
            return await fetch(
                client,
                method,
                path,
                limit_bytes=self.limit,
                deadline_seconds=seconds,
                options=options,
            )
        except Fault as fault:
            raise self._of_fault(fault, seconds) from None

    def _of_fault(self, fault: Fault, seconds: float) -> Refused:
        late = fault.kind is FaultKind.TIMEOUT
        return faults.of_fault(self.which, fault, conclusive=not late or seconds >= _CONCLUSIVE)

    def _refusal(self, answer: Answer) -> Refused:
        now = self.asked.outside.clock.now()
        refused = faults.of_status(self.which, answer.status, answer.headers, answer.body, now)
        if refused.code is Code.CREDENTIALS_INVALID:
            text = f"{refused.message}{self.endpoint.moved}"
            return Refused(refused.code, text, refused.details)
        return refused


@asynccontextmanager
async def backend_of(
    asked: Asked, which: Checked, budget: Budget | None = None
) -> AsyncGenerator[Backend]:
    """A backend of the cluster that is asked about; keep the block until its answer was sent.

    Memory for what was read is held until the block ends. Refused if the cluster has no such
    backend, and for everything that is wrong with it.
    """
    limit = (budget or Budget()).bytes
    ends = asyncio.get_running_loop().time() + asked.seconds
    until = ends - min(_MARGIN, asked.seconds / 10)
    found = await endpoint(asked, which)
    with _room.share(limit, until) as share:
        yield Backend(found, until, limit, asked, Gate(found, asked), share)

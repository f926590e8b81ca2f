"""Requests to a cluster's API server: their answers, or the failure that says what to do."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from services.runtime.kube.failures import ApiFailure, of_fault, of_status
from services.runtime.outbound.faults import Fault
from services.runtime.outbound.reading import Options, fetch

SMALL = 2 * 1024 * 1024
"""Bytes of one object at most; etcd keeps no larger ones."""
_JSON = "application/json"
_TRIES = 4
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0
"""Seconds. A server that wants to be left alone for longer is given up."""


@dataclass(frozen=True, slots=True)
class Right:
    """Something that an account may do or not, as a SelfSubjectAccessReview asks about it."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        named = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f"{named}/{self.subresource}" if self.subresource else named
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {named}{where}"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    path: str
    doing: str
    """What it is for, in the words of a right."""
    params: Mapping[str, str] | None = None
    accept: str = _JSON
    content: bytes | None = field(default=None, repr=False)
    """What is posted; without it the request is a GET."""
    limit: int = SMALL

    @property
    def options(self) -> Options:
        """What it carries beyond its line."""
        headers = {"Accept": self.accept}
        if self.content is not None:
            headers["Content-Type"] = _JSON
        return Options(params=self.params, headers=headers, content=self.content)


class Requests:
    """Asks one API server, each time within some seconds."""

    def __init__(self, client: httpx.AsyncClient, seconds: float) -> None:
        self._client = client
        self._seconds = seconds

    async def once(self, ask: Ask) -> bytes:
        """The body of a good answer; ApiFailure if there is none."""
        try:
            answer = await fetch(
                self._client,
                "GET" if ask.content is None else "POST",
                ask.path,
                limit_bytes=ask.limit,
                deadline_seconds=self._seconds,
                options=ask.options,
            )
        except Fault as fault:
            raise of_fault(fault) from None
        if answer.status not in {200, 201}:
            raise of_status(answer, ask.doing)
        return answer.body


class Patience:
    """Asks again what has failed and may well succeed; keeps what went wrong last."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self.answered = False
        """True after the first good answer."""
        self.trouble: ApiFailure | None = None
        """Why the last request is being made again."""

    async def ask(self, ask: Ask) -> bytes:
        """The body of a good answer; ApiFailure after three more tries, or where none would help.

        Between them it waits as long as the server wants, and else a little longer each time.
        """
        for tried in range(1, _TRIES):
            try:
                return self._good(await self._requests.once(ask))
            except ApiFailure as failure:
                pause = failure.retry_after or _FIRST_PAUSE * 2 ** (tried - 1)
                if not failure.passing or pause > _LONGEST_PAUSE:
                    raise
                self.trouble = failure
            await asyncio.sleep(pause)
        return self._good(await self._requests.once(ask))

    def _good(self, body: bytes) -> bytes:
        self.answered, self.trouble = True, None
        return body

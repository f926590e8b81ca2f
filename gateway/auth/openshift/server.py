"""Asks the API server as the hub's own service account: documents, and reviews of others.

Nothing that it answers is ever repeated: it may repeat what it was sent.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from contracts.refusals import Refused, TryLater
from gateway.auth.oidc.asking import read
from gateway.auth.oidc.kept import Kept
from services.runtime.clock import Clock
from services.runtime.kube.failures import ApiFailure, ApiFailureKind
from services.runtime.kube.requests import Ask, Requests, Right
from services.runtime.logging import logger
from services.runtime.outbound.clients import Outbound
from services.runtime.outbound.targets import Target

_LIMIT = 256 * 1024
_LARGEST_FILE = 64 * 1024
_RETRY_SECONDS = 5.0
_T = TypeVar("_T")
_OWN_ADVICE = {
    ApiFailureKind.UNAUTHORIZED: "the token of our service account is wrong or expired: check"
    " AIOPS_OPENSHIFT__TOKEN_FILE",
    ApiFailureKind.FORBIDDEN: "bind our service account to the ClusterRole system:auth-delegator",
    ApiFailureKind.NOT_SERVED: "check that this is OpenShift, with its own OAuth server",
    ApiFailureKind.UNTRUSTED: "check AIOPS_OPENSHIFT__CA_FILE",
}
"""Where that of any API server would lead astray."""


@dataclass(frozen=True, slots=True)
class Review(Generic[_T]):
    """A kind of question that the API server answers about others."""

    kind: str
    group: str
    resource: str
    status: type[_T]
    """What it answers."""

    def ask(self, spec: dict[str, Any]) -> Ask:
        """The request."""
        posted = {"apiVersion": f"{self.group}/v1", "kind": self.kind, "spec": spec}
        return Ask(
            f"apis/{self.group}/v1/{self.resource}",
            str(Right("create", self.resource, self.group)),
            content=msgspec.json.encode(posted),
            limit=_LIMIT,
        )


class _Answered(msgspec.Struct, frozen=True):
    kind: str
    status: msgspec.Raw


@dataclass
class ApiServer:
    """The API server, and the files with whom to trust there and who we are."""

    outbound: Outbound
    url: str
    ca_file: Path
    token_file: Path
    clock: Clock
    seconds: float = 5.0
    """For each request with its whole answer."""
    _login: Kept[Target] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """The kubelet changes both files as it likes; they are read again after 10 seconds."""
        self._login = Kept(self._target, self.clock)

    async def document(self, path: str, kind: type[_T], what: str) -> _T:
        """A document of the API server; TryLater if it is not to be had."""
        found = read(await self._once(Ask(path, f"get {what}", limit=_LIMIT)), kind)
        if found is None:
            raise failed(f"the API server answered what is not {what}")
        return found

    async def review(self, review: Review[_T], spec: dict[str, Any]) -> _T:
        """Its answer to a question about somebody; TryLater if there is none."""
        answered = read(await self._once(review.ask(spec)), _Answered)
        if answered is not None and answered.kind == review.kind:
            status = read(bytes(answered.status), review.status)
            if status is not None:
                return status
        raise failed(f"the API server answered what is no {review.kind}")

    def target(self) -> Target:
        """The way there, as the files are now. Blocks; Refused if they cannot be used."""
        ca, token = _content(self.ca_file), _content(self.token_file)
        return Target(base_url=self.url, ca=ca, token=token.strip(), timeout=self.seconds)

    async def certificates(self) -> str | None:
        """Whom to trust, in PEM; TryLater if that cannot be read."""
        return (await self._login.anew()).ca

    async def _once(self, ask: Ask) -> bytes:
        target = await self._login.anew()
        try:
            return await Requests(self.outbound.client(target), self.seconds).once(ask)
        except Refused as refused:
            raise failed(f"the API server cannot be asked: {refused.message}") from None
        except ApiFailure as failure:
            advice = _OWN_ADVICE.get(failure.kind, failure.advice)
            raise failed(failure.message, advice) from None

    async def _target(self) -> Target:
        try:
            return await asyncio.to_thread(self.target)
        except Refused as refused:
            raise failed(f"our login for the API server: {refused.message}") from None
        except Unreadable as error:
            raise failed(f"our login for the API server: {error}") from None


class Unreadable(Exception):
    """A file cannot be read; the text names it."""


def failed(what: str, advice: str = "") -> TryLater:
    """TryLater because of OpenShift, of which the log tells whoever can mend it."""
    logger("access").warning("openshift_failed", reason=what, advice=advice)
    return TryLater(f"OpenShift: {what}", _RETRY_SECONDS)


def _content(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            return file.read(_LARGEST_FILE)
    except (OSError, ValueError):
        raise Unreadable(f"{path} cannot be read") from None

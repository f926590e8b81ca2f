"""Lists of a cluster's API server, page by page, whatever happens in between.

The next page is asked for only when the last was taken in, so that no more than one is held. A page
that fails is asked for again from its own continue token, and a list that has expired (410) begins
anew: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

from services.runtime.kube.failures import ApiFailure, ApiFailureKind, UnreadablePage, no_kubernetes
from services.runtime.kube.requests import Ask, Patience, Requests, Right

Take = Callable[[bytes], str | None]
"""Takes a page in and gives the token of the next one, None after the last; UnreadablePage if it is
none."""

_PAGE_SIZE = "500"
_LARGEST_PAGE = 32 * 1024 * 1024
"""Bytes. 500 nodes with all their images and conditions are about 10 MB."""
_MOST_PAGES = 2_000
_MOST_BEGINNINGS = 4
_METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
_GONE = 410


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list is of."""

    resource: str
    group: str = ""
    fields: str = ""
    """A field selector."""
    metadata: bool = False
    """True if the objects' metadata is enough; servers that cannot do that send it all."""
    namespace: str = ""
    """Only of this one."""

    @property
    def right(self) -> Right:
        """What it needs."""
        return Right("list", self.resource, self.group, namespace=self.namespace)

    @property
    def path(self) -> str:
        """Where it is."""
        where = f"namespaces/{quote(self.namespace, safe='')}/" if self.namespace else ""
        return f"{f'apis/{self.group}' if self.group else 'api'}/v1/{where}{self.resource}"

    def page(self, token: str | None) -> Ask:
        """The request for one page."""
        params = {"limit": _PAGE_SIZE}
        if self.fields:
            params["fieldSelector"] = self.fields
        if token is not None:
            params["continue"] = token
        accept = _METADATA if self.metadata else "application/json"
        return Ask(self.path, str(self.right), params, accept, limit=_LARGEST_PAGE)


class _Expired(Exception):
    """What was read so far is too old to go on from."""


class Lists:
    """Reads whole lists, with the same patience for all of them."""

    def __init__(self, requests: Requests) -> None:
        self.patience = Patience(requests)

    async def read(self, listed: Listed, take: Take) -> None:
        """Let all pages of a list be taken in; those of one that expires, more than once."""
        token, beginnings = None, 1
        for _ in range(_MOST_PAGES):
            try:
                following = await self._page(listed, token, take)
            except _Expired:
                beginnings += 1
                if beginnings > _MOST_BEGINNINGS:
                    raise _expiring(listed) from None
                token = None
                continue
            if following is None:
                return
            if following == token:
                break
            token = following
            await asyncio.sleep(0)
        raise no_kubernetes(f"never comes to an end with: {listed.right}")

    async def _page(self, listed: Listed, token: str | None, take: Take) -> str | None:
        try:
            return take(await self.patience.ask(listed.page(token)))
        except UnreadablePage:
            text = f"answered with what is no such list to: {listed.right}"
            raise no_kubernetes(text) from None
        except ApiFailure as failure:
            if failure.status == _GONE and token is not None:
                raise _Expired from None
            raise


@asynccontextmanager
async def within(seconds: float, lists: Lists, what: str) -> AsyncGenerator[None]:
    """Ends the block when its time is over, with the failure that kept it from its end."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise _late(seconds, lists.patience, what) from None


def _late(seconds: float, patience: Patience, what: str) -> ApiFailure:
    text = f"the API server has not told {what} within {seconds:g} s"
    if patience.trouble is not None:
        last = patience.trouble
        text = f"{text}; at last {last.message}"
        return ApiFailure(last.kind, text, last.advice, status=last.status, fault=last.fault)
    if patience.answered:
        advice = "allow more time, or look at the load of the API server and the way to it"
        return ApiFailure(ApiFailureKind.FAILING, text, advice, status=200)
    return ApiFailure(ApiFailureKind.UNREACHABLE, text)


def _expiring(listed: Listed) -> ApiFailure:
    text = f"the API server forgets a list faster than it can be read: {listed.right}"
    return ApiFailure(ApiFailureKind.FAILING, text, status=_GONE)

"""Names for clusters that come from a kubeconfig, where people have not chosen any: pure."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from services.clusters.kubeconfig import Context

_SHORTEST, _LONGEST = 3, 63
_OC_LOGIN = re.compile(r"[^/]*/[^/]+:\d+/[^/]*")
"""How `oc login` names a context: ``namespace/host:port/user``."""
_SAYS_NOTHING = frozenset({"admin", "default", "kubernetes-admin@kubernetes", "system:admin"})
"""What installers call the one context of every cluster that they make."""
_API_HOST = re.compile(r"api(?:-int)?\.([^.]+)\..+")
"""OpenShift's API servers: ``api.<cluster>.<domain>``."""


def suggested_name(context: Context) -> str:
    """A valid cluster name (`domain`), always the same for the same context.

    The context's name as far as it may stand in one; the server's host where an installer or
    `oc login` chose the context's name.
    """
    host = urlsplit(context.server).hostname or ""
    api = _API_HOST.fullmatch(host)
    of_host = _slug(api[1] if api else host)
    by_machine = context.name in _SAYS_NOTHING or _OC_LOGIN.fullmatch(context.name)
    wanted = [of_host] if by_machine else [_slug(context.name), of_host]
    name = next((each for each in wanted if len(each) >= _SHORTEST), None)
    return name or "-".join(filter(None, ("cluster", *wanted[:1])))


def suggested_names(contexts: Iterable[Context], taken: Collection[str] = ()) -> tuple[str, ...]:
    """One name for each context, in their order; the second of a kind gets ``-2`` and so on.

    None of them is among the names that are ``taken``.
    """
    given = set(taken)
    counts: dict[str, int] = {}
    names: list[str] = []
    for context in contexts:
        stem = suggested_name(context)
        name, number = stem, counts.get(stem, 1)
        while name in given:
            number += 1
            name = numbered(stem, number)
        counts[stem] = number
        given.add(name)
        names.append(name)
    return tuple(names)


def numbered(stem: str, number: int) -> str:
    """The name with a number behind it, as long as a name may be."""
    suffix = f"-{number}"
    return stem[: _LONGEST - len(suffix)].rstrip("-") + suffix


def _slug(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:_LONGEST].rstrip("-")

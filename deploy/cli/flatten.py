"""A kubeconfig of this machine as one that can be sent: its files inlined, the rest left out.

What another program or a log-in plugin would be asked for stays as it is: the hub refuses that, so
there is a notice of it before anything is sent. No notice repeats a value: it may be a secret.
"""

import base64
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.clusters.plain_yaml import NotPlain, Tree, parse

MOST_BYTES = 1 << 20
"""The longest kubeconfig that is read."""
_MOST_OF_A_FILE = 256 << 10
_INLINE = {
    "cluster": {"certificate-authority": "certificate-authority-data"},
    "user": {
        "client-certificate": "client-certificate-data",
        "client-key": "client-key-data",
        "tokenFile": "token",
    },
}
_PLUGINS = {
    "exec": "runs a program to log in",
    "auth-provider": "logs in by a plugin",
}
_INSTEAD = (
    "which the hub never does; give it a token instead:"
    " `kubectl create token ACCOUNT -n NAMESPACE --duration=720h > FILE`, then"
    " `aiops cluster add --kubeconfig ... --context ... --token-file FILE`"
)

_Fields = dict[str, Tree]


class NotUsable(Exception):
    """The text is no kubeconfig, or not one with what is wanted of it; one line that says why."""


@dataclass(frozen=True, slots=True)
class Instead:
    """What takes the place of what the kubeconfig says."""

    server: str | None = None
    token: str | None = field(default=None, repr=False)
    """Of another account: whatever else the user entries say is left out."""


@dataclass(frozen=True, slots=True)
class Flattened:
    """A kubeconfig that holds all that it needs."""

    text: str = field(repr=False)
    notices: tuple[str, ...]
    """What the hub will refuse in it."""


@dataclass(frozen=True, slots=True)
class LocalKubeconfig:
    """A kubeconfig as it lies on this machine."""

    document: dict[str, Tree] = field(repr=False)
    folder: Path
    """Where the files that it names are looked for."""

    @classmethod
    def read(cls, text: str, folder: Path) -> "LocalKubeconfig":
        """NotUsable if the text is no kubeconfig."""
        if len(text) > MOST_BYTES:
            raise NotUsable(f"a kubeconfig may have at most {MOST_BYTES} bytes")
        try:
            document = parse(text)
        except NotPlain as error:
            raise NotUsable(f"this is no kubeconfig that can be used: {error}") from None
        if not isinstance(document, dict):
            raise NotUsable("this is no kubeconfig: it is not a mapping")
        return cls(document, folder)

    @property
    def contexts(self) -> tuple[str, ...]:
        """The names of all contexts."""
        return tuple(_name(each) for each in self._entries("contexts"))

    def chosen(self, context: str | None) -> str:
        """The context of that name; without a name the current one, or the only one."""
        current, every = self.document.get("current-context"), self.contexts
        if wanted := context or (current if isinstance(current, str) else ""):
            self._require([wanted])
            return wanted
        if len(every) != 1:
            raise NotUsable(
                f"the kubeconfig has no current context: choose one by --context ({_some(every)})"
            )
        return every[0]

    def flattened(
        self, contexts: Collection[str] = (), instead: Instead | None = None
    ) -> Flattened:
        """These contexts, or all, with the clusters and users that they name and nothing else."""
        self._require(contexts)
        kept = [
            each for each in self._entries("contexts") if not contexts or _name(each) in contexts
        ]
        flat = _Flat(self.folder, instead or Instead())
        document: dict[str, Tree] = {
            "apiVersion": "v1",
            "kind": "Config",
            "contexts": [*kept],
            "clusters": [flat.cluster(each) for each in self._named_by(kept, "cluster")],
            "users": [flat.user(each) for each in self._named_by(kept, "user")],
        }
        current = self.document.get("current-context")
        if isinstance(current, str) and current in map(_name, kept):
            document["current-context"] = current
        # JSON is YAML, and says each text as it is.
        return Flattened(json.dumps(document, ensure_ascii=False), tuple(flat.notices))

    def _require(self, contexts: Collection[str]) -> None:
        known = self.contexts
        if missing := [each for each in contexts if each not in known]:
            raise NotUsable(
                f"the kubeconfig has no context {', '.join(missing)}; there is {_some(known)}"
            )

    def _named_by(self, contexts: list[_Fields], kind: str) -> Iterator[_Fields]:
        bodies = [each.get("context") for each in contexts]
        wanted = [body.get(kind) for body in bodies if isinstance(body, dict)]
        # Two of one name are the hub's to refuse.
        return (each for each in self._entries(f"{kind}s") if _name(each) in wanted)

    def _entries(self, plural: str) -> Iterator[_Fields]:
        found = self.document.get(plural)
        for each in found if isinstance(found, list) else []:
            if isinstance(each, dict):
                yield each


class _Flat:
    """Inlines the files of entries, and notes what stays that cannot be sent."""

    def __init__(self, folder: Path, instead: Instead) -> None:
        self._folder = folder
        self._instead = instead
        self.notices: list[str] = []

    def cluster(self, entry: _Fields) -> _Fields:
        """A cluster entry with its CA."""
        body = self._inlined("cluster", entry)
        if self._instead.server and isinstance(body, dict):
            body["server"] = self._instead.server
        return {"name": _name(entry), "cluster": body}

    def user(self, entry: _Fields) -> _Fields:
        """A user entry with its certificate, key and token."""
        if self._instead.token:
            return {"name": _name(entry), "user": {"token": self._instead.token}}
        body = self._inlined("user", entry)
        for name, what in _PLUGINS.items():
            if isinstance(body, dict) and body.get(name):
                self.notices.append(f"the user entry {_name(entry)} {what}, {_INSTEAD}")
        return {"name": _name(entry), "user": body}

    def _inlined(self, kind: str, entry: _Fields) -> Tree:
        found = entry.get(kind)
        if not isinstance(found, dict):
            return found
        body = dict(found)
        for by_file, inline in _INLINE[kind].items():
            path = body.get(by_file)
            if not isinstance(path, str) or not path:
                continue
            # As in client-go: data comes before a file, a file of a token before a token.
            if body.get(inline) and by_file != "tokenFile":
                del body[by_file]
                continue
            content = self._content(f"{by_file} of the {kind} entry {_name(entry)}", path)
            if content is not None:
                del body[by_file]
                body[inline] = _as_field(by_file, content)
        return body

    def _content(self, what: str, named: str) -> bytes | None:
        path = self._folder / named
        try:
            if not path.is_file():
                self.notices.append(f"{what}: there is no file {path}")
                return None
            with path.open("rb") as file:
                content = file.read(_MOST_OF_A_FILE + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no valid path"
            self.notices.append(f"{what}: {path} cannot be read: {reason}")
            return None
        if len(content) > _MOST_OF_A_FILE:
            self.notices.append(f"{what}: {path} is longer than {_MOST_OF_A_FILE} bytes")
            return None
        return content


def _as_field(by_file: str, content: bytes) -> str:
    if by_file == "tokenFile":
        return content.decode("utf-8", "replace").strip()
    return base64.b64encode(content).decode()


def _name(entry: _Fields) -> str:
    name = entry.get("name")
    return name if isinstance(name, str) else ""


def _some(names: Collection[str]) -> str:
    shown = ", ".join([*names][:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown or "none"

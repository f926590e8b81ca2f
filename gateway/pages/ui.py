"""The built web UI: its index under a fresh nonce, and its other files as they were built."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from litestar import Response

from contracts.refusals import Code, Refused
from services.runtime.ids import new_secret

DIST = Path(__file__).parents[1] / "ui" / "dist"
"""Where `make ui` puts it."""

_INDEX = "index.html"
_PAGES = "pages.json"
_NONCE = b"__CSP_NONCE__"
_SCRIPTS = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
# Styles that scripts set on elements need no word here; style elements need the nonce.
_POLICY = (
    f"{_SCRIPTS}; style-src 'self' 'nonce-%s'; img-src 'self' data:; font-src 'self';"
    " manifest-src 'self'; worker-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'"
)
# Workers and images that are opened by themselves go by their own policy; images hold styles.
_PART_POLICY = f"{_SCRIPTS}; style-src 'unsafe-inline'"
_FOR_EVER, _FOR_AN_HOUR = "public, max-age=31536000, immutable", "public, max-age=3600"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The best first."""
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".txt": "text/plain",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True)
class _Part:
    kind: str
    cached: str
    plain: bytes
    encoded: Mapping[str, bytes]


class Ui:
    """What one build wrote, held in memory: a new build while this process runs mixes nothing."""

    def __init__(self, folder: Path = DIST) -> None:
        index = folder / _INDEX
        self.built = index.is_file()
        self._index = index.read_bytes().split(_NONCE) if self.built else []
        self._parts = _parts(folder) if self.built else {}
        self._preloads = _preloads(folder / _PAGES)

    def index(self, path: str, status: int = 200) -> Response[bytes]:
        """What every address of the UI shows; it names the files of the page that is asked for."""
        nonce = new_secret(16)
        headers = {"Content-Security-Policy": _POLICY % nonce, "Cache-Control": "no-store"}
        body = nonce.encode().join(self._index)
        body = body.replace(b"</head>", self._preloads.get(_page(path), b"") + b"</head>", 1)
        return Response(body, status_code=status, media_type="text/html", headers=headers)

    def part(self, name: str, accept_encoding: str) -> Response[bytes]:
        """A script, style, font or image, by its path below ``/ui/``."""
        part = self._parts.get(name)
        if part is None:
            raise Refused(Code.NOT_FOUND, "there is no such file")
        headers = {"Content-Security-Policy": _PART_POLICY, "Cache-Control": part.cached}
        body = part.plain
        if part.encoded:
            headers["Vary"] = "Accept-Encoding"
            accepted = _accepted(accept_encoding)
            chosen = next((each for each in part.encoded if each in accepted), None)
            if chosen is not None:
                headers["Content-Encoding"], body = chosen, part.encoded[chosen]
        return Response(body, media_type=part.kind, headers=headers)


def _page(path: str) -> str:
    """The folder of a page's sources, as `pages.json` calls it."""
    page = path.strip("/") or "fleet"
    one = re.fullmatch(r"(clusters|incidents|reports)/(?!add$)[^/]+", page)
    return f"{one[1]}/detail" if one else page


def _preloads(file: Path) -> Mapping[str, bytes]:
    pages: dict[str, list[str]] = json.loads(file.read_bytes()) if file.is_file() else {}
    return {page: "".join(map(_preload, names)).encode() for page, names in pages.items()}


def _preload(name: str) -> str:
    how = 'rel="preload" as="style"' if name.endswith(".css") else 'rel="modulepreload"'
    return f'<link {how} crossorigin href="/ui/{name}">\n'


def _parts(folder: Path) -> dict[str, _Part]:
    files = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    return {
        name: _Part(
            kind=_TYPES.get(path.suffix, "application/octet-stream"),
            # The build puts under assets/ what has a digest of its content in its name.
            cached=_FOR_EVER if name.startswith("assets/") else _FOR_AN_HOUR,
            plain=path.read_bytes(),
            encoded={
                encoding: files[name + suffix].read_bytes()
                for encoding, suffix in _ENCODINGS.items()
                if name + suffix in files
            },
        )
        for name, path in files.items()
        if name not in (_INDEX, _PAGES) and path.suffix not in _ENCODINGS.values()
    }


def _accepted(header: str) -> set[str]:
    """The encodings that a client takes."""
    told = (each.replace(" ", "").lower().partition(";") for each in header.split(","))
    return {name for name, _, weight in told if not re.fullmatch(r"q=0(\.0*)?", weight)}

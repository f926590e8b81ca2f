"""What the gateway tells: itself, every part and projection, dead letters and clusters."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from deploy.doctor.findings import Finding, finding
from deploy.platform import PARTS

_MANY = 3
"""Names that one line tells."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """Asks one gateway."""

    client: httpx.AsyncClient

    async def examine(self, *, known: bool) -> AsyncIterator[Finding]:
        """``known``: with a token that may see everything."""
        try:
            answer = await self.client.get("/ready")
            yield _ready(answer)
            if not known:
                return
            report = (await self.client.get("/health/detailed")).raise_for_status().json()
            for each in _parts(report):
                yield each
            letters = await self._items("/api/v1/dead-letters", limit=100)
            yield _letters(letters)
            yield _clusters(await self._items("/api/v1/fleet/health"))
        except httpx.HTTPStatusError as error:
            text = f"{error.request.url.path} answers {error.response.status_code}"
            yield finding("gateway", ok=False, detail=text, do="see DIR/logs/gateway.log")
        except (httpx.HTTPError, ValueError) as error:
            yield finding(
                "gateway", ok=False, detail=type(error).__name__, do="is `aiops up` running?"
            )

    async def _items(self, path: str, **asked: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(path, params=asked)
        return answer.raise_for_status().json()["items"]


def _ready(answer: httpx.Response) -> Finding:
    if answer.status_code == 400:
        text = "it does not answer to this name"
        return finding(
            "gateway", ok=False, detail=text, do="add the name to AIOPS_GATEWAY__ALLOWED_HOSTS"
        )
    checks = answer.json().get("checks", {})
    bad = [name for name, check in checks.items() if not check["ready"]]
    text = "ready" if not bad else f"not ready: {', '.join(bad)}"
    return finding("gateway", ok=answer.status_code == 200, detail=text, do="see DIR/logs/")


def _parts(report: dict[str, Any]) -> list[Finding]:
    heard = {each["part"] for each in report["parts"]}
    missing = sorted({part.name for part in PARTS if part.health} - heard)
    return [
        *(_missing(name) for name in missing),
        *(_of_part(each) for each in report["parts"]),
        *(_of_projection(each) for each in report["projections"]),
    ]


def _missing(name: str) -> Finding:
    return finding(f"part {name}", ok=False, detail="not heard of", do=f"see DIR/logs/{name}.log")


def _of_part(part: dict[str, Any]) -> Finding:
    bad = [
        f"{name} ({check.get('detail', 'not ready')})"
        for name, check in part["checks"].items()
        if not check["ready"]
    ]
    do = f"see DIR/logs/{part['part']}.log"
    return finding(
        f"part {part['part']}", ok=part["ready"], detail=", ".join(bad) or "ready", do=do
    )


def _of_projection(build: dict[str, Any]) -> Finding:
    name = build["name"] if build["slot"] == "live" else f"{build['name']} (rebuild)"
    text = build["error"] or f"{build['lag']} events behind, {build['rate']:g} a second"
    return finding(
        f"projection {name}",
        ok=build["error"] is None,
        detail=text,
        do="see DIR/logs/projector.log",
    )


def _letters(letters: list[dict[str, Any]]) -> Finding:
    text = f"{len(letters)}{'+' if len(letters) == 100 else ''} wait" if letters else "none"
    do = "`aiops dlq list` says what failed; `aiops dlq retry` once that is mended"
    return finding("dead letters", ok=not letters, detail=text, do=do)


def _clusters(clusters: list[dict[str, Any]]) -> Finding:
    """Those that cannot be asked at all, which is mostly their address or credentials."""
    away = [each["name"] for each in clusters if each["state"] == "OFFLINE"]
    told = ", ".join(away[:_MANY]) + (f" and {len(away) - _MANY} more" if away[_MANY:] else "")
    text = f"{len(clusters)} known" + (f", offline: {told}" if away else "")
    do = "`aiops cluster show NAME` says why: address, certificate or credentials"
    return finding("clusters", ok=not away, detail=text, do=do)

"""Resources: clusters and incidents, as a client may open them beside a chat."""

import re
from collections.abc import Sequence
from typing import Any

import mcp_types as types

from contracts.refusals import Code, Refused
from gateway.tools.cutting import fitted, lean
from gateway.tools.inner import Inner

_JSON = "application/json"
_MOST = 50
"""Incidents that are listed by name; there are templates for all others."""
_TOKENS = 20_000
_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ONE = re.compile(rf"aiops://(clusters|incidents)/({_ID})")

LISTED: Sequence[types.Resource] = (
    types.Resource(
        uri="aiops://fleet",
        name="fleet",
        title="The fleet",
        description="Clusters by state, open alerts, GPUs, in numbers.",
        mime_type=_JSON,
    ),
)
TEMPLATES: Sequence[types.ResourceTemplate] = (
    types.ResourceTemplate(
        uri_template="aiops://incidents/{id}",
        name="incident",
        title="An incident",
        description="One incident with the newest of its timeline.",
        mime_type=_JSON,
    ),
    types.ResourceTemplate(
        uri_template="aiops://clusters/{id}",
        name="cluster",
        title="A cluster",
        description="One cluster: what it is, what it can do, how it is.",
        mime_type=_JSON,
    ),
)


async def listed(inner: Inner) -> list[types.Resource]:
    """Open incidents, the worst first; then clusters."""
    incidents = await inner.get("/incidents", {"page_size": _MOST})
    clusters = await inner.get("/clusters", {"page_size": _MOST})
    found = [("incidents", each, each["title"]) for each in incidents["items"]]
    found += [("clusters", each, each["name"]) for each in clusters["items"]]
    return [
        types.Resource(
            uri=f"aiops://{kind}/{each['id']}",
            name=f"{kind.removesuffix('s')}-{each['id']}",
            title=str(title)[:200],
            mime_type=_JSON,
        )
        for kind, each, title in found
    ]


async def read(inner: Inner, uri: str) -> Any:
    """What is behind an address; NOT_FOUND for one that is none of ours."""
    if uri == "aiops://fleet":
        return lean(await inner.get("/fleet/summary"))
    one = _ONE.fullmatch(uri)
    if one is None:
        raise Refused(Code.NOT_FOUND, "there is no such resource; see resources/templates/list")
    told, cut = fitted(lean(await inner.get(f"/{one[1]}/{one[2]}")), tokens=_TOKENS)
    return {**told, "cut": [each.model_dump() for each in cut]} if cut else told

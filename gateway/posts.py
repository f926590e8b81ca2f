"""What is in a post of alerts, by Alertmanager's webhook or its v2 API: pure reading."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts.alerts import AlertReport
from contracts.refusals import Code, Refused

_MOST_ALERTS = 100_000
"""Alerts of one post: twice as many as 10 MB of real ones."""

Alerts = Annotated[list[AlertReport], Field(max_length=_MOST_ALERTS)]


class Webhook(BaseModel):
    """Alertmanager's webhook payload, version 4; of the envelope only the alerts matter."""

    model_config = ConfigDict(extra="ignore")

    alerts: Alerts


REPORTS: TypeAdapter[list[AlertReport]] = TypeAdapter(Alerts)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A report that cannot be taken in, and why."""

    report: Any
    reason: str


@dataclass
class Post:
    """A post taken apart."""

    reports: list[AlertReport]
    rejected: list[Rejected] = field(default_factory=list[Rejected])


def read_webhook(body: bytes) -> Post:
    """The reports of a webhook post; a malformed body is refused whole, a broken alert alone."""
    try:
        return Post(Webhook.model_validate_json(body).alerts)
    except ValidationError:
        return _one_by_one(_document(body, _alerts_of), "alerts")


def read_v2(body: bytes) -> Post:
    """The reports of a post to Alertmanager's v2 API: a list of alerts."""
    try:
        return Post(REPORTS.validate_json(body))
    except ValidationError:
        return _one_by_one(_document(body, lambda document: document), "body")


def _alerts_of(document: Any) -> Any:
    return cast("dict[str, Any]", document).get("alerts") if isinstance(document, dict) else None


def _document(body: bytes, part: Callable[[Any], Any]) -> Any:
    """A part of the document in a body, refused before it is looked at if it has too many alerts.

    Half a surrogate pair becomes U+FFFD, as Go's decoder reads it.
    """
    try:
        found = part(_read(body))
        if isinstance(found, list) and len(cast("list[Any]", found)) > _MOST_ALERTS:
            raise Refused(Code.LIMIT_REACHED, f"a post may hold {_MOST_ALERTS:,} alerts")
        text = json.dumps(found, ensure_ascii=False)
        return _read(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        raise Refused(Code.INVALID_JSON, "the body is not valid JSON") from None


def _read(text: str | bytes) -> Any:
    return json.loads(text, parse_constant=_no_json)


def _no_json(constant: str) -> None:
    raise ValueError(constant)


def _one_by_one(alerts: Any, name: str) -> Post:
    if not isinstance(alerts, list):
        details = {"fields": [{"field": name, "message": "must be a list of alerts"}]}
        raise Refused(Code.VALIDATION_FAILED, f"{name} must be a list of alerts", details)
    post = Post([])
    for each in cast("list[Any]", alerts):
        try:
            post.reports.append(AlertReport.model_validate(each))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            post.rejected.append(Rejected(each, f"{where}: {first['msg']}"))
    return post

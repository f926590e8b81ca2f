"""Checks that Schemathesis loads: its own two of what is sent, less what a schema cannot say.

`SCHEMATHESIS_HOOKS` names this file, see `test_schemathesis.py`.
"""

import json
import re
from collections.abc import Callable
from typing import Any, cast

import schemathesis
from schemathesis.specs.openapi import checks

_Check = Callable[[Any, Any, Any], object]
_accepts_positive = cast(_Check, checks.positive_data_acceptance)
_rejects_negative = cast(_Check, checks.negative_data_rejection)

_GRAMMARS = frozenset(
    {"INVALID_PROMQL", "INVALID_LOGQL", "INVALID_TRACEQL", "INVALID_CLUSTER_NAME"}
)
"""Codes for texts that have a grammar of their own."""
_CREDENTIALS = frozenset({"CREDENTIALS_INVALID"})
"""What is good here, a cluster says."""
_NOT_IN_A_SCHEMA = re.compile(
    "|".join(
        (
            # Between two parameters or fields.
            r"cannot be (given|searched for) together with",
            r"does not belong to",
            r"must be (before|after) ",
            r"must not be earlier than",
            r"must not be above ",
            r"must be that of the address",
            r"is missing(: |$)",
            r"must be that of another incident",
            r"goes without ",
            r"must be given: ",
            # By what there is, or by the time of day.
            r"is in the future",
            r"is no cron expression: ",
            r"it cannot be scheduled",
            r"must be in the future",
            r"is beyond the end of the log",
            r"is not one that an earlier answer gave",
            r"is not the name of a command",
            r"must cut the (range|window) into",
            r"does not hold an ETag",
            # Lists whose parts have a form: a parameter is told of as a list of texts.
            r"must be one of ",
            r"must name some of ",
            r"must be a UUID",
            r"must look like name=value",
            r"must be a duration such as",
            r"must have a time zone",
            r"must be up to (four of|32 hexadecimal digits)",
            # Of addresses, and of all text.
            r"must begin with https://",
            r"must not contain white space, control characters or backslashes",
            r"must not hold U\+0000",
            r"must be one line without a colon",
        )
    )
)
"""Reasons for a refusal that the document does not tell beforehand; no other one is let pass."""
_MOMENTS = frozenset(
    {"as_of", "end", "end_time", "expires_at", "from", "since", "since_time", "start", "start_time"}
    | {"to"}
)
_ALERT_DOORS = ("/alerts/webhook", "/alertmanager/")


@schemathesis.check
def what_is_documented_is_taken(ctx: Any, response: Any, case: Any) -> None:
    """A request as the document allows it is refused only for what a schema cannot say."""
    refused = response.status_code in {400, 412, 422}
    # Of a merge patch the document says that it is an object.
    if refused and (case.method == "PATCH" or _cannot_be_told(response.json()["error"])):
        return
    _accepts_positive(ctx, response, case)


def _cannot_be_told(error: dict[str, Any]) -> bool:
    if error["code"] in _GRAMMARS | _CREDENTIALS:
        return True
    fields = error["details"].get("fields") or [{"field": "", "message": error["message"]}]
    # What the keys of a mapping may be is left out of the document: generators do not know of it.
    fields = [each for each in fields if not each["field"].endswith("[key]")]
    return all(_NOT_IN_A_SCHEMA.search(each["message"]) for each in fields)


@schemathesis.check
def what_is_not_documented_is_refused(ctx: Any, response: Any, case: Any) -> None:
    """A request as the document does not allow it is refused.

    Not so for alerts, of which each that is no alert becomes a dead letter by itself; for times,
    which are taken as Unix seconds, too; and for what stands in place of several texts: in an
    address everything is a text, and one is a list of one.
    """
    if any(door in case.operation.path for door in _ALERT_DOORS):
        return
    if _has_unix_time(case) or _has_other_than_texts(case):
        return
    _rejects_negative(ctx, response, case)


def _has_unix_time(case: Any) -> bool:
    told = [cast("dict[str, Any]", each) for each in (case.query, case.body) if _is_object(each)]
    told += [each["time_range"] for each in told if _is_object(each.get("time_range"))]
    return any(_is_number(each[name]) for each in told for name in _MOMENTS & {*each})


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _has_other_than_texts(case: Any) -> bool:
    told: dict[str, Any] = case.query or {}
    lists = {
        each["name"]
        for each in case.operation.definition.raw.get("parameters", ())
        if '"array"' in json.dumps(each["schema"])
    }
    return any(not _are_texts(told[name]) for name in lists & told.keys())


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, str) for each in cast("list[Any]", value)
    )


def _is_number(value: Any) -> bool:
    if isinstance(value, list):
        # Of a parameter that stands in an address several times the last one counts.
        return _is_number(cast("list[Any]", value)[-1]) if value else False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True

"""Kubernetes' own words for what went wrong: Status objects, as the API server sends them."""

from dataclasses import dataclass
from http import HTTPStatus

from deploy.simulator.exchange import Answer, json_answer, text_answer
from deploy.simulator.objects import Json

ANONYMOUS = "system:anonymous"
_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
_EXPIRED_LIST = (
    "The provided continue parameter is too old to display a consistent list result. You can start"
    " a new list without the continue parameter, or use the continue token in this response to"
    " retrieve the remainder of the results. Continuing with the provided token results in an"
    " inconsistent list - objects that were created, modified, or deleted between the time the"
    " first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody wanted to do, as a refusal names it."""

    user: str
    verb: str
    group: str
    resource: str
    """With its subresource: ``serviceaccounts/token``."""
    name: str = ""
    namespace: str = ""


def status(code: int, message: str, details: Json | None = None, meta: Json | None = None) -> Json:
    """A Status object."""
    told: Json = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": meta or {},
        "status": "Failure",
        "message": message,
        "reason": _REASONS.get(code, ""),
        "code": code,
    }
    return told if details is None else told | {"details": details}


def failure(code: int, message: str, details: Json | None = None) -> Answer:
    """A Status object as an answer."""
    return json_answer(status(code, message, details), code)


def unauthorized() -> Answer:
    """Nobody knows this token or certificate (any more)."""
    return failure(401, "Unauthorized")


def forbidden(attempt: Attempt) -> Answer:
    """Known, but without the right."""
    where = (
        f'in the namespace "{attempt.namespace}"' if attempt.namespace else "at the cluster scope"
    )
    resource = attempt.resource.partition("/")[0]
    named = f' "{attempt.name}"' if attempt.name else ""
    suffix = f".{attempt.group}" if attempt.group else ""
    message = (
        f'{resource}{suffix}{named} is forbidden: User "{attempt.user}" cannot {attempt.verb}'
        f' resource "{attempt.resource}" in API group "{attempt.group}" {where}'
    )
    details = {"name": attempt.name, "group": attempt.group, "kind": resource}
    return failure(403, message, {key: value for key, value in details.items() if value})


def not_found(group: str, resource: str, name: str) -> Answer:
    """No object of this name."""
    suffix = f".{group}" if group else ""
    details = {"name": name, "group": group, "kind": resource}
    told = {key: value for key, value in details.items() if value}
    return failure(404, f'{resource}{suffix} "{name}" not found', told)


def unserved() -> Answer:
    """Nothing is served at this path, as of a group whose definition is not installed."""
    # Plain text, as the real server has it: clients must not expect a Status here.
    return text_answer("404 page not found\n", 404)


def expired_continue(token: str) -> Answer:
    """The rest of this list is gone; another token leads to what is there now."""
    return json_answer(status(410, _EXPIRED_LIST, meta={"continue": token}), 410)


def expired_watch(version: str, oldest: str) -> Json:
    """The event that ends a watch from a version that is too old."""
    told = status(410, f"too old resource version: {version} ({oldest})")
    return {"type": "ERROR", "object": told}


def on_demand(code: int, retry_after: int) -> Answer:
    """Any error status; 429 and 503 say when to come back."""
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        message = "Too many requests, please try again later."
    else:
        message = f"simulated failure {code}"
    if code not in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return failure(code, message)
    told = status(code, message, {"retryAfterSeconds": retry_after})
    return json_answer(told, code, retry_after=str(retry_after))

"""pydantic's complaints in the words of our error envelope."""

from typing import Any

from pydantic import ValidationError


def said(message: str) -> str:
    """Without pydantic's word for what one of our own checks says."""
    return message.removeprefix("Value error, ")


def problems(error: ValidationError) -> dict[str, Any]:
    """``{"fields": [{"field", "message"}]}``, at most 20; values are never repeated."""
    found = [
        {
            "field": ".".join(str(part) for part in item["loc"]) or "body",
            "message": said(item["msg"]),
        }
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return {"fields": found[:20]}

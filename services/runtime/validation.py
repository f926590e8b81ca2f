"""pydantic's complaints in the words of our error envelope."""

from typing import Any

from pydantic import ValidationError


def problems(error: ValidationError) -> dict[str, Any]:
    """``{"fields": [{"field", "message"}]}``, at most 20; values are never repeated."""
    found = [
        {"field": ".".join(str(part) for part in item["loc"]) or "body", "message": item["msg"]}
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return {"fields": found[:20]}

"""One thing that was looked at."""

from typing import Any

Finding = dict[str, Any]
"""``what`` was looked at, whether it is ``ok``, in ``detail``, and what to ``do`` if it is not."""


def finding(what: str, *, ok: bool, detail: str, do: str) -> Finding:
    """What was found; ``do`` counts only where something is wrong."""
    return {"what": what, "ok": ok, "detail": detail, "do": "" if ok else do}

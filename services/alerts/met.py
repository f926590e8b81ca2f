"""Which alerts this process has met: a memory that may forget, and never be wrong."""

from collections.abc import Iterable

from contracts.subjects import EntityKey

_MOST = 50_000


class Met:
    """Alerts whose head is worth reading; the others are most probably new."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._keys: set[EntityKey] = set()

    def among(self, keys: Iterable[EntityKey]) -> list[EntityKey]:
        """Those that were met before; from now on, all of these were."""
        wanted = list(keys)
        known = [key for key in wanted if key in self._keys]
        if len(self._keys) + len(wanted) > self._most:
            self._keys.clear()  # Forgetting costs one refused append an alert.
        self._keys.update(wanted)
        return known

"""Requests of now against those of before: all that they say of entities."""

from services.rca.ranking.breaks import breaks
from services.rca.ranking.evidence import Evidence
from services.rca.ranking.profile import Past, Profile
from services.rca.ranking.silence import silence
from services.rca.ranking.slowness import slowness
from services.rca.ranking.templates import Templates


def compare(now: Profile, past: Past, templates: Templates) -> list[Evidence]:
    """Evidence in traces and in the logs that belong to them; none without a past."""
    silent = list(silence(now, past))
    unseen = {each.entity for each in silent if not each.against}
    return [*silent, *slowness(now, past), *breaks(now, past, templates, unseen)]

"""What each sentence of an answer rests on, as code can tell from what tools have told."""

from services.chat.grounding.claiming import claims

__all__ = ["claims"]

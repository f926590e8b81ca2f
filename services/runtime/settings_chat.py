"""Settings about chats."""

from typing import Annotated

from pydantic import Field

from services.runtime.settings_collecting import Section


class ChatSettings(Section):
    """Turns of chats: each is a question, what tools and models say, and an answer."""

    turn_seconds: Annotated[float, Field(ge=5, le=1800)] = Field(
        default=180.0, description="For a whole answer, its tools included."
    )
    tools_at_once: Annotated[int, Field(ge=1, le=8)] = Field(
        default=4, description="Tools of one answer that run side by side."
    )

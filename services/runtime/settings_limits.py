"""Section of the settings about how much may be asked of the gateway."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from services.runtime.settings_collecting import Section

_Rate = Annotated[float, Field(gt=0, le=1_000_000)]
_Burst = Annotated[int, Field(ge=1, le=1_000_000)]


class LimitsSettings(Section):
    """How often the gateway may be asked; alert doors, health and pages are outside."""

    enabled: bool = Field(default=True, description="False: nobody is limited by a rate.")
    user_per_minute: _Rate = Field(default=300, description="Requests of one user.")
    user_burst: _Burst = Field(default=50, description="And so many at once.")
    token_per_second: _Rate = Field(default=100, description="Requests by one API token.")
    token_burst: _Burst = Field(default=100, description="And so many at once.")
    prometheus_per_second: _Rate = Field(
        default=100, description="Requests at the Prometheus door, of one user or token."
    )
    prometheus_burst: _Burst = Field(default=100, description="And so many at once.")
    queries_per_minute: _Rate = Field(
        default=60, description="Queries of metrics by REST, of one user or token."
    )
    queries_burst: _Burst = Field(default=10, description="And so many at once.")
    chat_per_minute: _Rate = Field(
        default=30, description="Messages to the assistant, of one user or token."
    )
    chat_burst: _Burst = Field(default=5, description="And so many at once.")
    reports_per_minute: _Rate = Field(default=10, description="New reports of one user or token.")
    reports_burst: _Burst = Field(default=2, description="And so many at once.")
    all_per_second: _Rate = Field(
        default=1000, description="Requests of all who have logged in together."
    )
    all_burst: _Burst = Field(default=100, description="And so many at once.")
    unknown_per_minute: _Rate = Field(
        default=60, description="Logins, and requests refused with 401, from one address."
    )
    unknown_burst: _Burst = Field(default=20, description="And so many at once.")
    most_in_flight: Annotated[int, Field(ge=1)] = Field(
        default=1000,
        description="Requests that one gateway works on at once, whoever asks; then 503. It holds"
        " with `enabled` false, too.",
    )


def _origin(text: str) -> str:
    if text == "*":
        return text
    try:
        told = urlsplit(text)
        whole = f"{told.scheme}://{told.netloc}"
        sound = told.scheme in {"http", "https"} and told.hostname and not told.username
    except ValueError:
        sound, whole = False, ""
    if not sound or whole != text or text != text.lower():
        raise ValueError("must be origins such as https://portal.example.com, or *")
    return text


WebOrigin = Annotated[str, AfterValidator(_origin)]
"""Scheme, host and port as a browser tells them, or ``*``."""

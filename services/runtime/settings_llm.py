"""Settings about language models: none, one, or several in the order in which they are asked."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from services.runtime.settings_collecting import Section


def _url(text: str) -> str:
    """Never repeats what was given: somebody may have put a key in it."""
    try:
        told = urlsplit(text)
        is_sound = told.scheme in {"http", "https"} and bool(told.hostname) and told.port != 0
    except ValueError:
        is_sound = False
        told = urlsplit("")
    if text and not is_sound:
        raise ValueError("must begin with https:// or http:// and name a host")
    if told.username or told.password or told.query or told.fragment:
        raise ValueError("must not hold a user, a password, a query or a fragment")
    return text.rstrip("/")


class _Endpoint(Section):
    base_url: Annotated[str, AfterValidator(_url)] = Field(
        default="",
        description="Of a server that speaks as OpenAI's does, such as vLLM:"
        " http://vllm.models.svc:8000/v1; empty: no model.",
    )
    model: str = Field(default="", max_length=200, description="As this server calls it.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Empty: none is sent.")
    ca_file: Path | None = Field(
        default=None, description="Certificates to trust, in PEM; none: those of the system."
    )
    context_tokens: Annotated[int, Field(ge=8_192, le=131_072)] = Field(
        default=8_192, description="The model's window, its answer included."
    )
    first_token_seconds: Annotated[float, Field(gt=0, le=300)] = Field(
        default=20.0, description="Until the first word of an answer; then the next model is asked."
    )
    between_tokens_seconds: Annotated[float, Field(gt=0, le=300)] = Field(
        default=10.0, description="From one word of an answer to the next one."
    )
    call_seconds: Annotated[float, Field(gt=0, le=300)] = Field(
        default=45.0, description="For the whole of an answer."
    )
    strict_tools: bool = Field(
        default=False,
        description="Whether arguments of tools are held to their schema by the server (`strict`)."
        " OpenAI can; older servers of vLLM refuse it, newer ones show it to the model.",
    )

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if bool(self.base_url) != bool(self.model):
            raise ValueError("base_url and model go together")
        return self


class LlmProvider(_Endpoint):
    """One server with a model."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$", description="As it is told of in answers."
    )


class LlmSettings(_Endpoint):
    """Language models. Everything works without one, and says so."""

    providers: tuple[LlmProvider, ...] = Field(
        default=(),
        max_length=10,
        description="Further ones, as a list of the same fields with a name, asked in this order.",
    )

    at_once: Annotated[int, Field(ge=1, le=256)] = Field(
        default=16, description="Questions that a process asks models at once; others wait."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [each.name for each in self.ordered]
        if len(set(names)) < len(names):
            raise ValueError("names of providers must differ; that of the first one is default")
        return self

    @property
    def ordered(self) -> tuple[LlmProvider, ...]:
        """All that there are, in the order in which they are asked."""
        told = {name: getattr(self, name) for name in _Endpoint.model_fields}
        own = (LlmProvider(name="default", **told),) if self.base_url else ()
        return own + tuple(each for each in self.providers if each.base_url)

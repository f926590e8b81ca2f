"""The language models of the settings: whether each server answers and knows its model."""

import ssl
from collections.abc import AsyncIterator

import httpx

from deploy.doctor.findings import Finding, finding
from services.runtime.settings_llm import LlmProvider, LlmSettings

_PATIENCE = 5.0


async def examine(settings: LlmSettings) -> AsyncIterator[Finding]:
    """None is a choice: then answers come from tools alone."""
    known: list[tuple[str, LlmSettings | LlmProvider]] = [
        *([("model", settings)] if settings.base_url else []),
        *((f"model of {each.name}", each) for each in settings.providers),
    ]
    if not known:
        text = "none: answers come from tools alone"
        yield finding("models", ok=True, detail=text, do="")
    for name, endpoint in known:
        yield await _asked(name, endpoint)


async def _asked(name: str, endpoint: LlmSettings | LlmProvider) -> Finding:
    key = endpoint.api_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    do = "AIOPS_LLM__BASE_URL, __API_KEY and __CA_FILE say how it is reached"
    try:
        trusted = ssl.create_default_context(cafile=endpoint.ca_file)
        async with httpx.AsyncClient(
            headers=headers, verify=trusted, timeout=_PATIENCE, trust_env=False
        ) as client:
            answer = await client.get(f"{endpoint.base_url}/models")
            models = [each["id"] for each in answer.raise_for_status().json()["data"]]
    except httpx.HTTPStatusError as error:
        text = f"{endpoint.base_url} answers {error.response.status_code}"
        return finding(name, ok=False, detail=text, do=do)
    except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError) as error:
        text = f"{endpoint.base_url}: {type(error).__name__}"
        return finding(name, ok=False, detail=text, do=do)
    there = endpoint.model in models
    text = f"{endpoint.model}{'' if there else ' is not served there'}"
    do = f"AIOPS_LLM__MODEL is one of: {', '.join(models[:5])}"
    return finding(name, ok=there, detail=text, do=do)

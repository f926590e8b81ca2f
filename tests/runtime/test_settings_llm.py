"""Settings about language models: in order, within bounds, and their keys stay secret."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from services.runtime.settings import InvalidSettings, load_settings

KEY = "sk-planted-4711"
URL = "http://vllm.models.svc:8000/v1"


def _set(monkeypatch: pytest.MonkeyPatch, **told: Any) -> None:
    for name, value in told.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"AIOPS_LLM__{name.upper()}", text)


def test_there_is_no_model_by_itself() -> None:
    assert load_settings().llm.ordered == ()


def test_one_is_told_by_three_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, base_url=f"{URL}/", model="qwen3", api_key=KEY)
    (one,) = load_settings().llm.ordered
    assert (one.name, one.base_url, one.model) == ("default", URL, "qwen3")
    assert (one.context_tokens, one.api_key) == (8_192, SecretStr(KEY))


def test_further_ones_follow_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    more = [
        {"name": name, "base_url": URL, "model": name, "api_key": KEY, "context_tokens": 131_072}
        for name in ("big", "small")
    ]
    _set(monkeypatch, base_url=URL, model="qwen3", providers=more)
    told = load_settings().llm
    assert [each.name for each in told.ordered] == ["default", "big", "small"]
    for text in (repr(told), str(told), told.model_dump_json()):
        assert KEY not in text


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"base_url": URL}, "LLM: base_url and model go together"),
        ({"model": "qwen3"}, "LLM: base_url and model go together"),
        ({"base_url": "ftp://a", "model": "m"}, "LLM__BASE_URL"),
        ({"base_url": f"https://u:{KEY}@a/v1", "model": "m"}, "LLM__BASE_URL"),
        ({"base_url": f"https://a/v1?key={KEY}", "model": "m"}, "LLM__BASE_URL"),
        ({"base_url": "http://[", "model": "m"}, "LLM__BASE_URL"),
        ({"base_url": "not a url", "model": "m"}, "LLM__BASE_URL"),
        ({"context_tokens": "4096"}, "LLM__CONTEXT_TOKENS"),
        ({"context_tokens": "200000"}, "LLM__CONTEXT_TOKENS"),
        ({"call_seconds": "0"}, "LLM__CALL_SECONDS"),
        ({"at_once": "0"}, "LLM__AT_ONCE"),
        ({"at_once": "1000"}, "LLM__AT_ONCE"),
        ({"providers": f'[{{"api_key": "{KEY}"'}, "LLM__PROVIDERS"),
        ({"providers": [{"api_key": KEY}]}, "LLM__PROVIDERS__0__NAME"),
        ({"providers": [{"name": "a b", "api_key": KEY}]}, "LLM__PROVIDERS__0__NAME"),
        ({"providers": [{"name": "a", "base_url": URL, "model": "m"}] * 2}, "must differ"),
        ({"temperature": "1"}, "LLM__TEMPERATURE"),
    ],
)
def test_what_is_wrong_is_told_without_the_key(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], named: str
) -> None:
    _set(monkeypatch, api_key=KEY, **told)
    with pytest.raises(InvalidSettings) as invalid:
        load_settings()
    assert named in str(invalid.value)
    assert KEY not in str(invalid.value)
    assert "\n" not in str(invalid.value)

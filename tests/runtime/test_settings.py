"""Settings: where they come from, and one clear line for a wrong one."""

import logging
import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from services.runtime.settings import (
    CONFIG_FILE_VARIABLE,
    DatabaseSettings,
    InvalidSettings,
    NatsSettings,
    Settings,
    environment,
    load_settings,
)

SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has set is not what the tests are about."""
    for name in list(environment()):
        if name.upper().startswith("AIOPS_"):
            monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "aiops.yaml"
    monkeypatch.setenv(CONFIG_FILE_VARIABLE, str(path))
    return path


def test_everything_has_a_default() -> None:
    settings = load_settings()
    assert settings.gateway.host == "127.0.0.1"
    assert settings.gateway.auth == "token"
    assert settings.nats.url == ""


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("gateway: {port: 1111, host: 127.0.0.2}\nretention: {facts_hours: 24}\n")
    monkeypatch.setenv("AIOPS_GATEWAY__PORT", "2222")
    settings = load_settings()
    assert (settings.gateway.port, settings.gateway.host) == (2222, "127.0.0.2")
    assert settings.retention.facts_hours == 24
    assert settings.retention.telemetry_hours == 48


def test_the_caller_wins_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOPS_HEALTH_PORT", "1")
    assert load_settings(health_port=2).health_port == 2


def test_an_empty_file_is_no_setting(config: Path) -> None:
    config.write_text("")
    assert load_settings() == Settings()


@pytest.mark.parametrize("told", ['["a.example", "b.example"]', "a.example, b.example"])
def test_a_list_is_written_as_json_or_with_commas(
    monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv("AIOPS_GATEWAY__ALLOWED_HOSTS", told)
    assert load_settings().gateway.allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AIOPS_GATEWAY__PORT", "http"),
        ("AIOPS_GATEWAY__PORT", "70000"),
        ("AIOPS_GATEWAY__PORT", ""),
        ("AIOPS_GATEWAY__PRT", "8080"),
        ("AIOPS_GATWAY__PORT", "8080"),
        ("AIOPS_GATEWAY__AUTH", "off"),
        ("AIOPS_NATS__REPLICAS", "0"),
        ("AIOPS_NATS__APPEND_PATIENCE", "-1"),
        ("AIOPS_DATABASE__POOL_SIZE", "many"),
        ("AIOPS_HEALTH_PORT", "x"),
        ("AIOPS_TELEMETRY__LOG_LEVEL", "LOUD"),
        ("AIOPS_EVENTS__WRITE_VERSIONS", "CLUSTER_REGISTERED=1"),
        ("AIOPS_GATEWAY", "8080"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as told:
        load_settings()
    assert str(told.value).startswith(f"{name}: ")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("gateway: {port: http}", "AIOPS_GATEWAY__PORT"),
        ("gateway: {prt: 8080}", "AIOPS_GATEWAY__PRT"),
        ("gatway: {port: 8080}", "AIOPS_GATWAY"),
        ("gateway: [", "AIOPS_CONFIG_FILE"),
        ("- gateway", "AIOPS_CONFIG_FILE"),
        ("\x00", "AIOPS_CONFIG_FILE"),
    ],
)
def test_a_wrong_file_is_one_line_too(config: Path, text: str, named: str) -> None:
    config.write_text(text)
    with pytest.raises(InvalidSettings) as told:
        load_settings()
    assert str(told.value).startswith(f"{named}: ")
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_told(config: Path) -> None:
    with pytest.raises(InvalidSettings, match=f"AIOPS_CONFIG_FILE: {config}"):
        load_settings()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_no_authentication_is_for_loopback(host: str) -> None:
    assert load_settings(gateway={"auth": "none", "host": host}).gateway.auth == "none"


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "10.0.0.1", "hub.example", "127.hub.example", "localhost.example"]
)
def test_no_authentication_is_refused_anywhere_else(host: str) -> None:
    with pytest.raises(InvalidSettings, match=r"AIOPS_GATEWAY__AUTH: .*loopback"):
        load_settings(gateway={"auth": "none", "host": host})


def test_secrets_are_in_no_dump_and_no_text() -> None:
    settings = Settings(
        nats=NatsSettings(password=SecretStr(SECRET)),
        database=DatabaseSettings(url=SecretStr(f"postgresql://a:{SECRET}@db/aiops")),
    )
    told = (
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        repr(settings.model_dump()),
        f"{settings.nats} {settings.database}",
    )
    assert SECRET not in "".join(told)


def test_a_wrong_setting_beside_a_secret_does_not_tell_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIOPS_DATABASE__URL", f"postgresql://a:{SECRET}@db/aiops")
    monkeypatch.setenv("AIOPS_DATABASE__TIMEOUT", SECRET)
    with caplog.at_level(logging.DEBUG), pytest.raises(InvalidSettings) as told:
        load_settings()
    assert SECRET not in str(told.value) + caplog.text
    assert told.value.__cause__ is None


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.health_port = 1


def test_other_programs_variables_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOPS_TOKEN", "x")
    monkeypatch.setenv("OTHER__THING", "x")
    assert load_settings() == Settings()


def test_the_copied_environment_is_a_copy() -> None:
    copy = environment()
    copy["AIOPS_GATEWAY__PORT"] = "x"
    assert "AIOPS_GATEWAY__PORT" not in os.environ  # noqa: TID251

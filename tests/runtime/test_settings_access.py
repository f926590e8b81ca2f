"""Settings about groups and logins: how they are written, and one clear line for a wrong one."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.access import Binding
from services.runtime.principals import Role
from services.runtime.settings import InvalidSettings, environment, load_settings

RAN = {"group": "ran", "role": "operator", "selector": {"team": "ran"}}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(environment()):
        if name.upper().startswith("AIOPS_"):
            monkeypatch.delenv(name)


def _told(monkeypatch: pytest.MonkeyPatch, bindings: object) -> None:
    monkeypatch.setenv("AIOPS_ACCESS__BINDINGS", json.dumps(bindings))


def test_nobody_has_a_role_by_a_group_unless_it_is_said() -> None:
    access = load_settings().access
    assert (access.bindings, access.bindings_file, access.session_hours) == ((), None, 12)


def test_bindings_are_json_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    _told(monkeypatch, [RAN, {"group": "all", "role": "viewer"}])
    assert load_settings().access.bindings == (
        Binding(group="ran", role=Role.OPERATOR, selector={"team": "ran"}),
        Binding(group="all", role=Role.VIEWER, selector={}),
    )


def test_a_file_is_named_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOPS_ACCESS__BINDINGS_FILE", "/etc/aiops/bindings.yaml")
    assert load_settings().access.bindings_file == Path("/etc/aiops/bindings.yaml")


@pytest.mark.parametrize(
    ("bindings", "named"),
    [
        ([RAN | {"role": "king"}], "AIOPS_ACCESS__BINDINGS__0__ROLE: "),
        ([RAN, {"role": "viewer"}], "AIOPS_ACCESS__BINDINGS__1__GROUP: "),
        ([RAN | {"group": ""}], "AIOPS_ACCESS__BINDINGS__0__GROUP: "),
        ([RAN | {"cluster": "x"}], "AIOPS_ACCESS__BINDINGS__0__CLUSTER: "),
        (
            [RAN | {"selector": {"team": "not a label"}}],
            "AIOPS_ACCESS__BINDINGS__0__SELECTOR__TEAM",
        ),
        ([RAN | {"selector": ["team"]}], "AIOPS_ACCESS__BINDINGS__0__SELECTOR: "),
        ([RAN] * 501, "AIOPS_ACCESS__BINDINGS: "),
        ("ran=operator", "AIOPS_ACCESS__BINDINGS: "),
        (RAN, "AIOPS_ACCESS__BINDINGS: "),
    ],
)
def test_a_wrong_binding_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, bindings: Any, named: str
) -> None:
    _told(monkeypatch, bindings)
    with pytest.raises(InvalidSettings) as told:
        load_settings()
    assert str(told.value).startswith(named)
    assert "\n" not in str(told.value)


def test_what_is_no_json_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOPS_ACCESS__BINDINGS", '[{"group": ')
    with pytest.raises(InvalidSettings, match=r"^AIOPS_ACCESS__BINDINGS: [^\n]*$"):
        load_settings()


def test_there_is_one_source(monkeypatch: pytest.MonkeyPatch) -> None:
    _told(monkeypatch, [RAN])
    monkeypatch.setenv("AIOPS_ACCESS__BINDINGS_FILE", "/etc/aiops/bindings.yaml")
    with pytest.raises(InvalidSettings, match=r"^AIOPS_ACCESS: .*not both$"):
        load_settings()


@pytest.mark.parametrize("hours", ["0", "721", "long"])
def test_a_session_has_a_sensible_length(monkeypatch: pytest.MonkeyPatch, hours: str) -> None:
    monkeypatch.setenv("AIOPS_ACCESS__SESSION_HOURS", hours)
    with pytest.raises(InvalidSettings, match=r"^AIOPS_ACCESS__SESSION_HOURS: "):
        load_settings()

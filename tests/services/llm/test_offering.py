"""Tools are told to models shortly, and with all that their arguments have to be."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.tools import TOOLS
from services.llm.offering import bytes_of, offered

MUCH = 1_000_000


def functions(*names: str, most: int = MUCH, strict: bool = False) -> dict[str, Any]:
    made, _ = offered(names or tuple(TOOLS), most, strict=strict)
    return {each["function"]["name"]: each["function"] for each in made}


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("strict", [False, True])
def test_a_schema_is_one_and_knows_the_same_fields(name: str, strict: bool) -> None:
    schema = functions(name, strict=strict)[name]["parameters"]
    Draft202012Validator.check_schema(schema)
    known = TOOLS[name].schema
    assert list(schema["properties"]) == list(known["properties"])
    assert schema["additionalProperties"] is False
    assert "$ref" not in json.dumps(schema)
    wanted = list(known["properties"]) if strict else known.get("required", [])
    assert schema.get("required", []) == wanted
    for key, field in schema["properties"].items():
        assert "type" in field or "enum" in field, key


def test_enumerations_bounds_and_defaults_stay() -> None:
    fields = functions("search_traces", "list_alerts")
    assert fields["search_traces"]["parameters"]["properties"]["limit"] == {
        "default": 20, "maximum": 100, "minimum": 1, "type": "integer",
    }  # fmt: skip
    state = fields["list_alerts"]["parameters"]["properties"]["state"]
    assert state == {"enum": ["FIRING", "RESOLVED", "PENDING"], "type": "string"}


def test_they_are_shorter_than_what_they_were_made_of() -> None:
    known = sum(len(json.dumps(each.schema)) for each in TOOLS.values())
    made, was_cut = offered(tuple(TOOLS), MUCH)
    assert not was_cut
    assert bytes_of([each["function"]["parameters"] for each in made]) < 0.7 * known


def test_within_little_room_first_what_is_said_of_arguments_goes_then_the_last_tools() -> None:
    names = tuple(TOOLS)
    whole = bytes_of(offered(names, MUCH)[0])
    terse, was_cut = offered(names, whole - 1)
    assert was_cut
    assert len(terse) == len(names)
    assert "RFC 3339" not in json.dumps(terse)
    few, _ = offered(names, 2_000)
    assert bytes_of(few) <= 2_000
    assert [each["function"]["name"] for each in few] == list(names[: len(few)])


def test_names_of_no_tool_are_passed_over() -> None:
    assert offered(("nothing", "list_alerts"), MUCH)[0][0]["function"]["name"] == "list_alerts"
    assert offered((), MUCH) == ([], False)

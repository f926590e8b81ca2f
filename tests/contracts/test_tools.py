"""Tools and personas: what they name is there."""

import json
from pathlib import Path

from contracts.personas import BUILT_IN
from contracts.tools import TOOLS
from gateway.tools.reads import READS

_API = Path(__file__).parents[2] / "contracts" / "generated" / "openapi.json"


def test_each_tool_stands_for_an_operation_and_is_read_in_one_way() -> None:
    paths = json.loads(_API.read_text())["paths"].values()
    operations = {each["operationId"] for path in paths for each in path.values()}
    assert {tool.stands_for for tool in TOOLS.values()} <= operations
    assert READS.keys() == TOOLS.keys()


def test_what_a_persona_may_call_is_a_tool() -> None:
    assert len(BUILT_IN) == 5
    for persona in BUILT_IN.values():
        assert set(persona.capabilities) <= TOOLS.keys()
        assert len(set(persona.capabilities)) == len(persona.capabilities)

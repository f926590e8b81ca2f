"""What becomes of personas: given what happened, when a command comes, then that or a refusal."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.personas import (
    BUILT_IN,
    MOST_INSTRUCTIONS,
    RULES,
    CreatePersona,
    DeletePersona,
    Persona,
    PersonaEvent,
    UpdatePersona,
    instructed,
)
from contracts.refusals import Code
from contracts.tools import TOOLS
from services.personas import domain
from services.runtime.validation import problems
from tests.kit.given import scenario
from tests.kit.persona_builders import created, deleted, draft, persona, updated


def _decide(history: Sequence[PersonaEvent], command: domain.PersonaCommand) -> list[PersonaEvent]:
    now: Persona | None = None
    for event in history:
        now = domain.evolve(now, event)
    told = domain.decide(now, len(history), command, "ada")
    return [] if told is None else [told]


given = scenario(_decide)


def _create(**changes: Any) -> CreatePersona:
    return CreatePersona(persona=draft(**changes))


def _update(expected: int | None = None, **changes: Any) -> UpdatePersona:
    return UpdatePersona(persona=draft(**changes), expected_version=expected)


DELETE = DeletePersona(persona_id="night-shift")


def test_it_is_made_by_somebody_once() -> None:
    given().when(_create()).then(created())
    given(created()).when(_create()).refused(Code.VERSION_CONFLICT)
    given(created(), deleted()).when(_create(name="Again")).then(created(name="Again"))


def test_it_is_changed_and_stays_whose_it_was() -> None:
    by_bob = created(created_by="bob")
    given(by_bob).when(_update(name="Day")).then(updated(name="Day", created_by="bob"))
    given(by_bob).when(_update(1, name="Day")).then(updated(name="Day", created_by="bob"))
    given(by_bob).when(_update(2, name="Day")).refused(Code.VERSION_CONFLICT)
    given(created()).when(_update()).then()
    given().when(_update()).refused(Code.PERSONA_NOT_FOUND)
    given(created(), deleted()).when(_update()).refused(Code.PERSONA_NOT_FOUND)


def test_it_is_deleted_once() -> None:
    given(created(), updated(name="Day")).when(DELETE).then(deleted(name="Day"))
    given().when(DELETE).refused(Code.PERSONA_NOT_FOUND)
    given(created(), deleted()).when(DELETE).refused(Code.PERSONA_NOT_FOUND)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_one_is_not_touched(name: str) -> None:
    given().when(_create(id=name)).refused(Code.PERSONA_READONLY)
    given().when(_update(id=name)).refused(Code.PERSONA_READONLY)
    given().when(DeletePersona(persona_id=name)).refused(Code.PERSONA_READONLY)


def test_its_capabilities_are_the_whole_list() -> None:
    extending = {"extends": "gpu-expert"}
    expert = BUILT_IN["gpu-expert"].capabilities
    narrow = ("query_metrics",)
    given().when(_create(**extending, capabilities=None)).then(
        created(**extending, capabilities=expert)
    )
    given().when(_create(**extending, capabilities=narrow)).then(
        created(**extending, capabilities=narrow)
    )
    given().when(_create(**extending, capabilities=())).then(created(**extending, capabilities=()))
    given().when(_create(capabilities=narrow * 3)).then(created(capabilities=narrow))
    given().when(_create(capabilities=(*TOOLS,))).then(created(capabilities=(*TOOLS,)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "No"}, "id"),
        ({"id": "abc"}, "id"),
        ({"id": "ends-with-"}, "id"),
        ({"id": "a" * 33}, "id"),
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"description": "d" * 501}, "description"),
        ({"description": "\0"}, "description"),
        ({"system_prompt": ""}, "system_prompt"),
        ({"system_prompt": "\0"}, "system_prompt"),
        ({"system_prompt": "s" * (MOST_INSTRUCTIONS + 1)}, "system_prompt"),
        ({"icon": "javascript:"}, "icon"),
        ({"extends": "night-shift"}, "extends"),
        ({"capabilities": ("list_alerts", "delete_cluster")}, "capabilities.1"),
        ({"capabilities": None}, "capabilities"),
        ({"is_builtin": True}, "is_builtin"),
        ({"created_by": "somebody"}, "created_by"),
    ],
)
def test_what_is_wrong_is_told_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as told:
        draft(**changes)
    assert [each["field"] for each in problems(told.value)["fields"]] == [field]


def test_instructions_are_those_of_the_built_in_one_and_then_its_own() -> None:
    expert = BUILT_IN["gpu-expert"]
    assert instructed(expert) == expert
    extending = persona(extends="gpu-expert")
    told = instructed(extending)
    assert told.system_prompt == f"{expert.system_prompt}\n\n{extending.system_prompt}"
    assert told.model_dump(exclude={"system_prompt"}) == extending.model_dump(
        exclude={"system_prompt"}
    )


@pytest.mark.parametrize("extends", [None, "gone-since"])
def test_without_a_built_in_one_the_rules_for_all_come_first(extends: str | None) -> None:
    alone = persona(extends=extends)
    assert instructed(alone).system_prompt == f"{RULES}\n\n{alone.system_prompt}"


@pytest.mark.parametrize("extends", [None, *BUILT_IN])
def test_the_longest_instructions_are_a_persona_still(extends: str | None) -> None:
    longest = instructed(persona(extends=extends, system_prompt="s" * MOST_INSTRUCTIONS))
    assert Persona.model_validate_json(longest.model_dump_json()) == longest

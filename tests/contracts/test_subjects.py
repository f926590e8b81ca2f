"""Outside names become tokens without loss; subject and filter belong together."""

import re

import pytest
from hypothesis import assume, example, given, strategies as st

from contracts.subjects import (
    NO_CLUSTER,
    EntityKey,
    address,
    command_subject,
    is_plain_token,
    parse,
    token,
)

PLAIN = st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True)
NASTY = st.text(alphabet="a.*> =~\t\n3DEé😀", max_size=20)
NAMES = st.one_of(st.text(), NASTY, st.text(alphabet="x.", min_size=100, max_size=140))
WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
KEYS = st.builds(
    EntityKey,
    cluster=st.one_of(st.just(NO_CLUSTER), st.uuids().map(str)),
    type=WORDS,
    id=NAMES.map(token),
)


def name_of(encoded: str) -> str:
    raw = re.sub(rb"=([0-9A-F]{2})", lambda hit: bytes.fromhex(hit[1].decode()), encoded.encode())
    return raw.decode("utf-8", "surrogatepass")


@given(PLAIN)
def test_a_plain_name_is_its_own_token(name: str) -> None:
    assert token(name) == name
    assert is_plain_token(name)


@given(NAMES)
@example("")
@example("\ud800")
@example("=")
@example("node-1.example.com")
def test_a_token_is_one_safe_word(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_=~-]{1,128}", token(name))


@given(NAMES)
@example("\ud83d\ude00")
def test_an_unhashed_token_gives_the_name_back(name: str) -> None:
    encoded = token(name)
    assume(not encoded.startswith("=~") and encoded != "=")
    assert name_of(encoded) == name


@given(NASTY, NASTY)
@example("=2E", ".")
@example("", "=")
@example("=~", "~")
@example("x" * 129, "x" * 130)
def test_two_names_never_share_a_token(one: str, other: str) -> None:
    assume(one != other)
    assert token(one) != token(other)


def test_a_long_name_becomes_its_hash() -> None:
    assert token("x" * 128) == "x" * 128
    assert re.fullmatch(r"=~[0-9a-f]{64}", token("x" * 129))
    assert re.fullmatch(r"=~[0-9a-f]{64}", token("." * 43))


@pytest.mark.parametrize("name", ["", "a.b", "a b", "*", ">", "a\n", "é", "=41"])
def test_other_names_are_not_plain(name: str) -> None:
    assert not is_plain_token(name)


@given(KEYS, WORDS, st.none() | st.integers(min_value=1, max_value=10**9))
def test_an_address_can_be_taken_apart(key: EntityKey, event: str, version: int | None) -> None:
    place = address(key, event, version)
    taken_apart = parse(place.subject)
    assert (taken_apart.key, taken_apart.event, taken_apart.version) == (key, event, version)


@given(KEYS, KEYS, WORDS, st.none() | st.integers(min_value=1))
def test_a_filter_covers_its_own_entity_only(
    key: EntityKey, other: EntityKey, event: str, version: int | None
) -> None:
    def covered(subject: str) -> bool:
        return subject.startswith(key.filter.removesuffix(">"))

    assert address(key, event, version).filter == key.filter
    assert covered(address(key, event, version).subject)
    assert covered(address(other, event, version).subject) == (other == key)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "evt",
        "cmd.a.b.c.d",
        "evt.-.cluster.1",
        "evt.-.cluster.1.registered.one",
        "evt.-.cluster.1.registered.-1",
        "evt.-.cluster.1.registered.1.2",
        "evt.-.cluster.1.registered.",
        "evt..cluster.1.registered",
        "evt.-.cluster.*.registered",
        "evt.-.cluster.>",
        "evt.-.cluster.1.registered\n",
        "evt.-.cluster.1.registered.\u0661",
    ],
)
def test_what_is_not_an_event_subject_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="not an event subject"):
        parse(subject)


def test_a_command_subject_names_its_publisher() -> None:
    assert (
        command_subject("backup-bot", "clusters", "register_cluster")
        == "cmd.backup-bot.clusters.register_cluster"
    )

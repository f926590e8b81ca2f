"""Envelopes: open where they belong, with their key, unchanged, and nowhere else."""

import pickle

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, strategies as st

from services.runtime.vault.material import Material, fingerprint
from services.runtime.vault.sealing import CannotOpen, Key, KeyRing, UnknownKey, key_id

OLD, NEW, STRANGE = Key(b"o" * 32), Key(b"n" * 32), Key(b"s" * 32)
RING = KeyRing((NEW, OLD))
PLACES = st.text(max_size=40)
PLAIN = st.binary(max_size=300)
KEYS = st.binary(min_size=32, max_size=32).map(Key)


@given(PLAIN, PLACES, KEYS)
def test_what_is_sealed_opens_with_its_key_in_its_place(plain: bytes, place: str, key: Key) -> None:
    ring = KeyRing((key,))
    assert ring.open(ring.seal(plain, place), place) == plain


@given(PLAIN, PLACES, PLACES)
def test_in_another_place_it_does_not_open(plain: bytes, place: str, other: str) -> None:
    envelope = RING.seal(plain, place)
    if other != place:
        with pytest.raises(CannotOpen):
            RING.open(envelope, other)


@given(PLAIN, st.data())
def test_with_any_bit_turned_it_does_not_open(plain: bytes, data: st.DataObject) -> None:
    envelope = bytearray(RING.seal(plain, "place"))
    bit = data.draw(st.integers(0, len(envelope) * 8 - 1))
    envelope[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CannotOpen):
        RING.open(bytes(envelope), "place")


def test_every_bit_of_an_envelope_matters() -> None:
    envelope = RING.seal(b"x", "place")
    for bit in range(len(envelope) * 8):
        turned = bytearray(envelope)
        turned[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CannotOpen):
            RING.open(bytes(turned), "place")


@given(PLAIN, st.data())
def test_cut_short_or_drawn_out_it_does_not_open(plain: bytes, data: st.DataObject) -> None:
    envelope = RING.seal(plain, "place")
    kept = data.draw(st.integers(0, len(envelope) - 1))
    for changed in (envelope[:kept], envelope + envelope[:1], envelope[kept:] + b"\0" * kept):
        if changed != envelope:
            with pytest.raises(CannotOpen):
                RING.open(changed, "place")


@given(st.binary(max_size=100))
def test_noise_does_not_open(noise: bytes) -> None:
    with pytest.raises(CannotOpen):
        RING.open(noise, "place")


def test_a_wrong_key_opens_nothing() -> None:
    envelope = KeyRing((STRANGE,)).seal(b"plain", "place")
    with pytest.raises(UnknownKey, match=STRANGE.id):
        RING.open(envelope, "place")


def test_a_wrong_key_that_claims_to_be_the_right_one_opens_nothing() -> None:
    foreign = KeyRing((STRANGE,)).seal(b"plain", "place")
    with pytest.raises(CannotOpen):
        RING.open(foreign[:1] + bytes.fromhex(NEW.id) + foreign[5:], "place")


def test_the_current_key_seals_and_the_older_ones_still_open() -> None:
    before = KeyRing((OLD,)).seal(b"plain", "place")
    assert RING.open(before, "place") == b"plain"
    assert key_id(before) == OLD.id
    assert key_id(RING.seal(b"plain", "place")) == NEW.id


def test_the_form_of_an_envelope_is_the_one_that_is_stored() -> None:
    ring = KeyRing((OLD,), random=lambda size: bytes(range(size)))
    head = b"\x01" + bytes.fromhex(OLD.id)
    sealed = AESGCM(b"o" * 32).encrypt(bytes(range(12)), b"plain", head + b"place")
    assert ring.seal(b"plain", "place") == head + bytes(range(12)) + sealed
    assert OLD.id == "80deeca1"


def test_the_same_plain_text_is_never_the_same_envelope() -> None:
    sealed = {RING.seal(b"plain", "place") for _ in range(200)}
    assert len(sealed) == 200
    assert len({envelope[5:17] for envelope in sealed}) == 200


@given(KEYS, KEYS)
def test_a_key_has_one_id_and_another_key_has_another(one: Key, other: Key) -> None:
    assert one.id == Key(bytes(one.material)).id
    assert (one.id == other.id) == (one.material == other.material)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Key(b"k" * size)


def test_a_ring_has_a_key_and_none_twice() -> None:
    with pytest.raises(ValueError, match="at least one"):
        KeyRing(())
    with pytest.raises(ValueError, match="twice"):
        KeyRing((OLD, NEW, Key(b"o" * 32)))


def test_nothing_of_a_key_or_a_plain_text_is_printed() -> None:
    opened = RING.open(RING.seal(b"planted", "place"), "place")
    shown = f"{opened} {opened!r} {opened!s:>40} {RING} {[opened]} {OLD}" + str([RING])
    for hidden in ("planted", "ooooo", "nnnnn", b"o".hex() * 4):
        assert hidden not in shown
    assert opened.decode() == "planted"


def test_an_error_says_nothing_of_what_is_inside() -> None:
    with pytest.raises(CannotOpen) as told:
        RING.open(RING.seal(b"planted", "place"), "elsewhere")
    assert str(told.value) == "the envelope cannot be opened"
    assert told.value.__suppress_context__


def test_material_is_bytes_in_every_other_respect() -> None:
    material = Material(b"planted")
    assert material == b"planted"
    assert hash(material) == hash(b"planted")
    assert material + b"!" == b"planted!"
    assert pickle.loads(pickle.dumps(material)) == b"planted"


def test_a_fingerprint_is_the_sha256() -> None:
    # FIPS 180-4, the example of "abc".
    assert fingerprint(b"abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )

"""Sealing: what it looks like, and what it refuses."""

from __future__ import annotations

import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from common.seal import SealBroken, seal, unseal

KEY = bytes(range(32))
RECORD = "records/0b6f8f2e-3c58-4a55-9d0c-5f1a7f0c6c11"
ITEM = "notes/7a0e2f5d-9b0e-4a9a-8f0e-1c2d3e4f5a6b"


def test_what_was_sealed_opens_with_the_same_key_in_the_same_place() -> None:
    sealed = seal(KEY, b"words", record=RECORD, item=ITEM, field="situation", version=3)
    opened = unseal(KEY, sealed, record=RECORD, item=ITEM, field="situation", version=3)
    assert opened == b"words"


def test_nothing_seals_and_opens_too() -> None:
    sealed = seal(KEY, b"", record=RECORD, item=ITEM)
    assert unseal(KEY, sealed, record=RECORD, item=ITEM) == b""


def test_a_sealed_value_is_81_bytes_longer() -> None:
    assert len(seal(KEY, b"words", record=RECORD, item=ITEM)) == 81 + len(b"words")


def test_the_same_words_never_look_the_same() -> None:
    first, second = (seal(KEY, b"words", record=RECORD, item=ITEM) for _ in range(2))
    assert first[1:] != second[1:]
    assert b"words" not in first


@pytest.mark.parametrize(
    "place",
    [
        {"record": "records/another"},
        {"item": "notes/another"},
        {"field": "advice_offered"},
        {"version": 2},
    ],
)
def test_a_sealed_value_put_elsewhere_does_not_open(place: dict[str, str | int]) -> None:
    """Moved to another row or column, or put back after it was changed."""
    here: dict[str, str | int] = {
        "record": RECORD,
        "item": ITEM,
        "field": "situation",
        "version": 1,
    }
    sealed = seal(KEY, b"words", **here)  # type: ignore[arg-type]
    with pytest.raises(SealBroken):
        unseal(KEY, sealed, **(here | place))  # type: ignore[arg-type]


def test_places_that_read_alike_are_not_alike() -> None:
    sealed = seal(KEY, b"words", record="records/1", item="ab", field="c")
    with pytest.raises(SealBroken):
        unseal(KEY, sealed, record="records/1", item="a", field="bc")


@pytest.mark.parametrize("length", [0, 1, 80])
def test_what_is_too_short_does_not_open(length: int) -> None:
    sealed = seal(KEY, b"", record=RECORD, item=ITEM)
    with pytest.raises(SealBroken):
        unseal(KEY, sealed[:length], record=RECORD, item=ITEM)


def test_another_form_does_not_open() -> None:
    sealed = seal(KEY, b"words", record=RECORD, item=ITEM)
    with pytest.raises(SealBroken):
        unseal(KEY, b"\x02" + sealed[1:], record=RECORD, item=ITEM)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_a_mistake_of_ours(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(bytes(length), b"words", record=RECORD, item=ITEM)
    sealed = seal(KEY, b"words", record=RECORD, item=ITEM)
    with pytest.raises(ValueError, match="32 bytes"):
        unseal(bytes(length), sealed, record=RECORD, item=ITEM)


def test_a_broken_seal_says_nothing_about_why() -> None:
    sealed = bytearray(seal(KEY, b"words", record=RECORD, item=ITEM))
    messages = set()
    for position in (1, 40, len(sealed) - 1):  # salt, commitment, tag
        changed = bytes([*sealed[:position], sealed[position] ^ 1, *sealed[position + 1 :]])
        with pytest.raises(SealBroken) as refusal:
            unseal(KEY, changed, record=RECORD, item=ITEM)
        messages.add(str(refusal.value))
        assert refusal.value.__cause__ is None
    assert len(messages) == 1


def test_the_form_is_the_one_written_down() -> None:
    """Opened by hand from the description, so that old rows open for ever, in any language."""
    sealed = seal(KEY, b"words", record="records/1", item="notes/2", field="situation", version=7)
    form, salt, commitment, rest = sealed[:1], sealed[1:33], sealed[33:65], sealed[65:]
    place = b"".join(
        len(part).to_bytes(4, "big") + part
        for part in (b"records/1", b"notes/2", b"situation", b"7")
    )
    derived = HKDF(SHA512(), 76, salt=salt, info=b"sas seal 1" + place).derive(KEY)
    assert form == b"\x01"
    assert commitment == derived[:32]
    assert AESGCM(derived[32:64]).decrypt(derived[64:], rest, place) == b"words"


def test_a_ciphertext_made_for_another_key_does_not_open_even_if_its_tag_is_right() -> None:
    """
    Key commitment: nobody can craft one value that opens to different words under two keys.

    Without the commitment this value would open under the second key, since ciphertext and tag
    were made with it.
    """
    first, second = os.urandom(32), os.urandom(32)
    sealed = seal(first, b"words", record="records/1", item="notes/2")
    salt, place = sealed[1:33], b""
    for part in (b"records/1", b"notes/2", b"", b"1"):
        place += len(part).to_bytes(4, "big") + part
    derived = HKDF(SHA512(), 76, salt=salt, info=b"sas seal 1" + place).derive(second)
    crafted = sealed[:65] + AESGCM(derived[32:64]).encrypt(derived[64:], b"other words", place)
    for key in (first, second):
        with pytest.raises(SealBroken):
            unseal(key, crafted, record="records/1", item="notes/2")

"""Sealing, whatever the words, the place and the damage."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from common.seal import SealBroken, seal, unseal

keys = st.binary(min_size=32, max_size=32)
places = st.fixed_dictionaries(
    {
        "record": st.text(max_size=50),
        "item": st.text(max_size=50),
        "field": st.text(max_size=20),
        "version": st.integers(min_value=0, max_value=2**63),
    }
)


@given(keys, st.binary(max_size=2000), places)
def test_what_is_sealed_opens(key: bytes, words: bytes, place: dict[str, object]) -> None:
    assert unseal(key, seal(key, words, **place), **place) == words  # type: ignore[arg-type]


@given(keys, st.binary(max_size=200), places, st.data())
def test_no_bit_can_be_changed(
    key: bytes, words: bytes, place: dict[str, object], data: st.DataObject
) -> None:
    sealed = seal(key, words, **place)  # type: ignore[arg-type]
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        unseal(key, bytes(changed), **place)  # type: ignore[arg-type]


def test_not_one_bit_of_one_value_can_be_changed() -> None:
    """Every single one, tried."""
    key = bytes(32)
    sealed = seal(key, b"w", record="records/1", item="notes/1")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            unseal(key, bytes(changed), record="records/1", item="notes/1")


@given(keys, st.binary(max_size=200), places, st.data())
def test_nothing_can_be_cut_off_or_added(
    key: bytes, words: bytes, place: dict[str, object], data: st.DataObject
) -> None:
    sealed = seal(key, words, **place)  # type: ignore[arg-type]
    shorter = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    longer = sealed + data.draw(st.binary(min_size=1, max_size=40))
    for changed in (shorter, longer):
        with pytest.raises(SealBroken):
            unseal(key, changed, **place)  # type: ignore[arg-type]


@given(keys, keys, places)
def test_no_other_key_opens(key: bytes, other: bytes, place: dict[str, object]) -> None:
    assume(key != other)
    sealed = seal(key, b"words", **place)  # type: ignore[arg-type]
    with pytest.raises(SealBroken):
        unseal(other, sealed, **place)  # type: ignore[arg-type]


@given(keys, places, places)
def test_in_no_other_place_does_it_open(
    key: bytes, here: dict[str, object], there: dict[str, object]
) -> None:
    assume(here != there)
    sealed = seal(key, b"words", **here)  # type: ignore[arg-type]
    with pytest.raises(SealBroken):
        unseal(key, sealed, **there)  # type: ignore[arg-type]


@given(keys, st.binary(max_size=200))
def test_anything_else_does_not_open(key: bytes, anything: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(key, anything, record="records/1", item="notes/1")

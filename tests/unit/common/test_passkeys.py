"""A passkey's signature is good for exactly one thing, at our pages, by its verified user."""

from __future__ import annotations

import json
from typing import Any

import attrs
import cbor2
import pytest

from common.passkeys import (
    NEUTRAL,
    Passkey,
    PasskeyRefused,
    PasskeySignature,
    RelyingParty,
    creation_options,
    registered,
    verified,
)
from tests.kit.authenticator import NEW_KEY, PRESENT, VERIFIED, Device

PAGE = "https://advice.example"
US = RelyingParty("advice.example", (PAGE,))
CHALLENGE = b"c" * 32


@pytest.fixture
def device() -> Device:
    """A device at our page."""
    return Device(page=PAGE, domain=US.id)


def refused(signed: PasskeySignature, last_count: int = 0, party: RelyingParty = US) -> bool:
    with pytest.raises(PasskeyRefused):
        verified(signed, CHALLENGE, party, last_count)
    return True


def with_part(signed: PasskeySignature, part: str, data: bytes) -> PasskeySignature:
    changed: dict[str, Any] = {part: data}
    return attrs.evolve(signed, **changed)


def test_what_its_user_signed_is_believed(device: Device) -> None:
    assert verified(device.signs(CHALLENGE), CHALLENGE, US) == 0


@pytest.mark.parametrize(
    "otherwise",
    [
        {"page": "https://advice.example.evil.example"},
        {"page": "http://advice.example"},
        {"page": "https://other.advice.example"},
        {"domain": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"kind": "webauthn.create"},
        {"framed": True},
    ],
    ids=str,
)
def test_done_otherwise_it_is_not(device: Device, otherwise: dict[str, Any]) -> None:
    """Another page, another domain, nobody verified, nobody there, a frame in another page."""
    assert refused(device.signs(CHALLENGE, **otherwise))


def test_signed_for_anything_else_it_is_not(device: Device) -> None:
    assert refused(device.signs(b"d" * 32))
    assert refused(device.signs(b""))


def test_by_another_key_it_is_not(device: Device) -> None:
    signed, other = device.signs(CHALLENGE), Device(page=PAGE, domain=US.id)
    assert refused(attrs.evolve(signed, passkey=other.passkey))
    changed = attrs.evolve(signed.passkey, public_key=other.passkey.public_key)
    assert refused(attrs.evolve(signed, passkey=changed))


@pytest.mark.parametrize("part", ["authenticator_data", "client_data_json", "signature"])
def test_not_a_byte_can_be_changed(device: Device, part: str) -> None:
    signed = device.signs(CHALLENGE)
    whole: bytes = getattr(signed, part)
    for at in (0, len(whole) // 2, len(whole) - 1):
        broken = bytearray(whole)
        broken[at] ^= 1
        assert refused(with_part(signed, part, bytes(broken)))
    assert refused(with_part(signed, part, b""))


def test_a_counter_moves_on_or_it_is_a_copy(device: Device) -> None:
    assert verified(device.signs(CHALLENGE, count=8), CHALLENGE, US, 7) == 8
    assert refused(device.signs(CHALLENGE, count=7), 7)
    assert refused(device.signs(CHALLENGE, count=3), 7)
    assert refused(device.signs(CHALLENGE, count=0), 7)


def test_without_a_page_of_ours_nothing_is_believed(device: Device) -> None:
    assert refused(device.signs(CHALLENGE), party=RelyingParty(US.id))


def test_a_public_key_that_is_none_is_no_fault_of_ours(device: Device) -> None:
    """Whatever a stranger sends is a no, and never an error of ours."""
    signed = device.signs(CHALLENGE)
    for key in (b"", b"\xff", cbor2.dumps({}), cbor2.dumps({1: 99, 3: -7}), cbor2.dumps([1])):
        assert refused(attrs.evolve(signed, passkey=Passkey(device.credential_id, key)))


def test_a_thumbprint_is_of_id_and_key(device: Device) -> None:
    """Neither another key under the same id nor the same key under another."""
    mine, other = device.passkey, Device().passkey
    assert mine.thumbprint == Passkey(mine.credential_id, mine.public_key).thumbprint
    assert Passkey(mine.credential_id, other.public_key).thumbprint != mine.thumbprint
    assert Passkey(other.credential_id, mine.public_key).thumbprint != mine.thumbprint


def test_it_is_kept_in_one_spelling_and_read_again(device: Device) -> None:
    signed = device.signs(CHALLENGE)
    again = PasskeySignature.from_json(signed.to_json())
    assert again == signed
    assert again.sha256 == signed.sha256
    for nothing in (b"[]", b"{}", b"x", b'{"signature":1}', b'"x"'):
        with pytest.raises(ValueError, match=r"."):
            PasskeySignature.from_json(nothing)


# Making one


def test_a_passkey_that_was_made_for_us_is_known_from_then_on(device: Device) -> None:
    passkey, count = registered(*device.makes(CHALLENGE), CHALLENGE, US)
    assert passkey == device.passkey
    assert count == 0
    verified(device.signs(CHALLENGE), CHALLENGE, US)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"page": "https://evil.example"},
        {"domain": "evil.example"},
        {"flags": PRESENT | NEW_KEY},
        {"kind": "webauthn.get"},
        {"framed": True},
        {"attested": True},
    ],
    ids=str,
)
def test_made_otherwise_it_is_none(device: Device, otherwise: dict[str, Any]) -> None:
    """Also with a word about the device's maker: nobody asked, and it tells one from another."""
    with pytest.raises(PasskeyRefused):
        registered(*device.makes(CHALLENGE, **otherwise), CHALLENGE, US)


def test_made_for_another_beginning_it_is_none(device: Device) -> None:
    for made in (device.makes(b"d" * 32), (b"", b""), (b"{}", b"\xff")):
        with pytest.raises(PasskeyRefused):
            registered(*made, CHALLENGE, US)


def test_a_device_is_told_no_name(device: Device) -> None:
    """R9: a device shows and keeps what it is told; it names neither the Service nor a student."""
    options = json.loads(creation_options(US, CHALLENGE, b"h" * 32, [device.credential_id]))
    assert options["user"] == {"id": "aGho" * 10 + "aGg", "name": NEUTRAL, "displayName": NEUTRAL}
    assert options["rp"] == {"id": US.id, "name": US.id}
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert len(options["excludeCredentials"]) == 1

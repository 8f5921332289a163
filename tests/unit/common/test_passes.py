"""R3, R4: a pass lets out exactly what was decided, once it is checked, and for a moment."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common.passes import LIVES, Bound, Passes, PassOffice, PassRefused

DECIDED = Bound(
    action="disclosure:collect",
    about="disclosures/1",
    recipient="thirdParties/1",
    purpose="welfare_support",
    items=frozenset({"disclosures/1", "disclosures/2"}),
    payload="0" * 64,
)


class Signer:
    """Signs with a key of its own, as Vault does."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()

    def public_keys(self, mount: str, key: str) -> dict[int, bytes]:
        """Give the public key of the gate."""
        assert (mount, key) == ("tokens", "gate")
        return {1: self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)}

    def sign(self, mount: str, key: str, message: bytes, version: int | None = None) -> bytes:
        """Sign for the gate."""
        assert (mount, key, version) == ("tokens", "gate", 1)
        return self.key.sign(message)


@pytest.fixture
def signer() -> Signer:
    return Signer()


def refused(signer: Signer, said: str, bound: Bound = DECIDED) -> str:
    with pytest.raises(PassRefused) as error:
        Passes(signer).check(said, bound)
    return error.value.because


def test_what_was_decided_is_let_out(signer: Signer) -> None:
    said = PassOffice(signer).issue(DECIDED, "entry-1")
    assert Passes(signer).check(said, DECIDED) == "entry-1"


def test_what_is_let_out_is_let_out_in_the_call_that_asked(signer: Signer) -> None:
    said = PassOffice(signer).issue(DECIDED, "entry-1").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    assert claims["exp"] - claims["iat"] <= 60


@pytest.mark.parametrize(
    "change",
    [
        {"action": "disclosure:send"},
        {"about": "disclosures/2"},
        {"recipient": "thirdParties/2"},
        {"purpose": "safety"},
        {"items": frozenset({"disclosures/1"})},
        {"items": frozenset({"disclosures/1", "disclosures/2", "notes/1"})},
        {"payload": "1" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_anything_else_is_not(signer: Signer, change: dict[str, Any]) -> None:
    """R4: one recipient, one purpose, these items, these bytes: change any one, and it stays."""
    said = PassOffice(signer).issue(DECIDED, "entry-1")
    assert refused(signer, said, attrs.evolve(DECIDED, **change)) == "for_something_else"


def made_at(signer: Signer, issued: float, lives: float = LIVES, **claims: object) -> str:
    """Sign a pass with other times or claims."""
    said = {
        "iss": "gate",
        "jti": "entry-1",
        "iat": issued,
        "exp": issued + lives,
        "for": DECIDED.canonical(),
    }
    head = {"alg": "EdDSA", "kid": "gate-v1"}
    message = ".".join(part(each) for each in (head, said | claims))
    return f"{message}.{encoded(signer.key.sign(message.encode()))}"


def part(content: object) -> str:
    return encoded(json.dumps(content).encode())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_pass_is_for_now(signer: Signer) -> None:
    """R6: yesterday's decision lets nothing out today, and no pass is for longer than a moment."""
    now = time.time()
    assert Passes(signer).check(made_at(signer, now), DECIDED)
    assert refused(signer, made_at(signer, now - LIVES - 10)) == "too_old"
    assert refused(signer, made_at(signer, now + 60)) == "too_old"
    assert refused(signer, made_at(signer, now, lives=3600)) == "forged"


def test_a_pass_of_somebody_else_is_none(signer: Signer) -> None:
    said = PassOffice(Signer()).issue(DECIDED, "entry-1")
    assert refused(signer, said) == "forged"
    assert refused(signer, made_at(signer, time.time(), iss="identity")) == "forged"
    assert refused(signer, "") == "forged"


def test_no_bit_of_a_pass_can_be_changed(signer: Signer) -> None:
    head, claims, signature = PassOffice(signer).issue(DECIDED, "entry-1").split(".")
    longer = json.loads(base64.urlsafe_b64decode(claims + "=="))
    longer["for"] = attrs.evolve(DECIDED, recipient="thirdParties/2").canonical()
    assert refused(signer, f"{head}.{part(longer)}.{signature}") == "forged"
    none = part({"alg": "none", "kid": "gate-v1"})
    assert refused(signer, f"{none}.{claims}.") == "forged"

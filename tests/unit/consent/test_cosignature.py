"""A witness's line under a checkpoint (C2SP tlog-cosignature): only its own, and only as signed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.consent.domain.ledger.cosignature import WitnessKey, cosignature
from services.consent.domain.ledger.note import NoteBroken, VerifierKey, sign_note

LOG_KEY = Ed25519PrivateKey.generate()
LOG = VerifierKey("log.test/ledger", LOG_KEY.public_key().public_bytes_raw())
WITNESS_KEY = Ed25519PrivateKey.generate()
WITNESS = WitnessKey("witness.test/w", WITNESS_KEY.public_key().public_bytes_raw())
TEXT = "log.test/ledger\n7\n" + base64.b64encode(b"r" * 32).decode() + "\n"
NOTE = sign_note(TEXT, LOG, LOG_KEY.sign)


def line(
    seconds: int, *, signer: Ed25519PrivateKey = WITNESS_KEY, text: str = TEXT, said: int = 0
) -> str:
    """Write a line; *said* is a time other than the one that was signed."""
    signature = signer.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    raw = WITNESS.key_id + (said or seconds).to_bytes(8, "big") + signature
    return f"— {WITNESS.name} {base64.b64encode(raw).decode()}\n"


def test_a_line_says_when_the_witness_signed_this_very_checkpoint() -> None:
    found = cosignature(NOTE + line(1000), WITNESS)
    assert found is not None
    assert (found.line, found.at) == (line(1000), datetime.fromtimestamp(1000, UTC))
    assert cosignature(NOTE, WITNESS) is None


def test_of_several_the_latest_counts_in_whatever_order() -> None:
    for first, second in ((1000, 2000), (2000, 1000)):
        found = cosignature(NOTE + line(first) + line(second), WITNESS)
        assert found is not None
        assert found.line == line(2000)


@pytest.mark.parametrize(
    "wrong",
    [
        line(1000, signer=LOG_KEY),
        line(1000, text=TEXT.replace("\n7\n", "\n8\n")),
        line(1000, said=2000),
        line(1000)[:-3] + "A=\n",
    ],
    ids=["of-another-key", "under-another-checkpoint", "at-another-time", "in-another-spelling"],
)
def test_a_line_in_its_name_that_it_did_not_sign_is_no_line(wrong: str) -> None:
    """R38: whoever holds our database and our key can't make a witness say anything."""
    with pytest.raises(NoteBroken):
        cosignature(NOTE + wrong, WITNESS)


def test_neither_key_stands_for_the_other() -> None:
    with pytest.raises(NoteBroken):
        VerifierKey.parse(str(WITNESS))
    with pytest.raises(NoteBroken):
        WitnessKey.parse(str(LOG))

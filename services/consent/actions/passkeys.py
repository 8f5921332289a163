"""
Whether the student's own passkey signed their yes (R7: the student's own act).

It is verified here from what came, the thumbprints in the caller token, and what was asked:
nobody else is asked, so that a yes can't be held up or waved through by identity.
"""

from __future__ import annotations

import attrs

from common.passkeys import PasskeyRefused, PasskeySignature, verified
from services.consent.actions.parts import Parts
from services.consent.domain.agreement import challenge_of
from services.consent.domain.consent import Consent
from services.consent.domain.facts import Who
from services.consent.storage.work import Work

NONE, GOOD, BROKEN = "none", "good", "broken"
"""As the policy names them."""


@attrs.frozen
class Signing:
    """What came of looking at a signature, or at there being none."""

    state: str
    signature: PasskeySignature | None = None
    count: int = 0
    """The key's counter, if it is good."""

    @property
    def sha256(self) -> str | None:
        """The digest of what is kept; None if nothing is."""
        return self.signature.sha256 if self.signature is not None else None

    @property
    def details(self) -> dict[str, str]:
        """What the ledger says of it: the way in which the yes was given, and the digest."""
        if self.sha256 is None:
            return {"signed_with": "session"}
        return {"signed_with": "passkey", "signature_sha256": self.sha256}


def look_at(
    parts: Parts, work: Work, who: Who, consent: Consent | None, signed: PasskeySignature | None
) -> Signing:
    """
    Look whether a passkey of *who* signed exactly what was asked.

    What is no good is not kept: it is anybody's bytes.
    """
    if signed is None:
        return Signing(NONE)
    thumbprint = signed.passkey.thumbprint
    if consent is None or thumbprint not in who.passkeys:
        return Signing(BROKEN)
    last = work.signatures.last_count(thumbprint)
    try:
        count = verified(signed, challenge_of(consent.asked), parts.relying_party, last)
    except PasskeyRefused:
        return Signing(BROKEN)
    return Signing(GOOD, signed, count)

"""
Sealing what is stored, and the HMACs by which it is found again.

This process may create a record's key and ask for new data keys. It may unwrap none: whatever it
sealed, it can open only with a key that consent gave out.
"""

from __future__ import annotations

import attrs

from common.seal import seal, unseal
from common.vault import KeyGone, Vault
from services.identity.domain.crsid import Crsid
from services.identity.domain.records import Item, Sealed

COHORTS = 8
"""How many academic years back a student is looked for: retention is six beyond the current one."""


@attrs.frozen
class Sealer:
    """The one place in identity that seals words and unseals them. All raise `TryAgain`."""

    vault: Vault

    def begin(self, item: Item) -> None:
        """Make the key of the item's record. Repeating it changes nothing."""
        self.vault.create_record_key(item.kind.value, item.uuid)

    def seal(self, item: Item, words: bytes, version: int = 1) -> Sealed:
        """Seal *words* with a fresh data key."""
        key = self.vault.new_data_key(item.kind.value, item.uuid, item.name)
        sealed = seal(key.plaintext, words, record=item.record, item=item.name, version=version)
        return Sealed(key.wrapped, sealed, version)


def unsealed(item: Item, sealed: Sealed, key: bytes) -> bytes:
    """
    Return the words of an item.

    Raises:
        SealBroken: the row was changed, or moved from another place.
    """
    return unseal(key, sealed.sealed, record=item.record, item=item.name, version=sealed.version)


@attrs.frozen
class BlindIndex:
    """
    HMACs under keys that never leave Vault: to find without being able to read.

    An HMAC rather than a hash, because there are so few CRSids that all of them could be tried.
    """

    vault: Vault

    def account(self, issuer: str, subject: str) -> bytes:
        """Return the index of an account at an identity provider."""
        return self.vault.hmac("ix", "account", f"{issuer}\0{subject}".encode())

    def crsid(self, cohort: int, crsid: Crsid) -> bytes:
        """Return the index of a CRSid in one cohort; the key dies with the cohort."""
        return self.vault.hmac("ix", f"crsid-{cohort}", crsid.value.encode())

    def crsid_in_every_cohort(self, year: int, crsid: Crsid) -> list[bytes]:
        """
        Return the indexes of a CRSid in every cohort that is still kept in the academic *year*.

        Always as many questions to Vault, so that the time says nothing about who is known.
        """
        found = []
        for cohort in range(year, year - COHORTS, -1):
            try:
                found.append(self.crsid(cohort, crsid))
            except KeyGone:  # disposed of, with all who were in it
                continue
        return found

    def pseudonym(self, student: str) -> str:
        """Return the pseudonym under which reports count a student."""
        return self.vault.hmac("ix", "pseudonym", student.encode()).hex()

"""
Contacts: somebody whom a student names, to be told that they use the Service, or for an emergency.

Name and address are sealed in the case's record, like the particulars of a disclosure, and the
consent binds a digest of all of it: whoever changes a word has no consent (R4, R9, R33).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

import attrs

from services.cases.domain.disclosures import SALT_BYTES, same_digest
from services.cases.domain.names import name_of

STATEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "DISCLOSURE_PURPOSE_CONFIRM_USE": "Yes, this student uses the Student Advice Service.",
        "DISCLOSURE_PURPOSE_TRUSTED_CONTACT": "",
    }
)
"""All that may be said, for each purpose. What a trusted contact is told is decided in a breach."""


@attrs.frozen
class Named:
    """What the student is asked to agree to. Sealed as one item."""

    contact: str
    recipient: str
    recipient_name: str = attrs.field(repr=False)
    recipient_address: str = attrs.field(repr=False)
    purpose: str
    statement: str
    ends_on: str

    def canonical(self) -> bytes:
        """Write the one form that is sealed and digested: JSON, keys in order, no blanks, ASCII."""
        return json.dumps(attrs.asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_canonical(cls, opened: bytes) -> Named:
        """Read what `canonical` wrote."""
        return cls(**json.loads(opened))

    def digest(self, salt: bytes) -> str:
        """Give the digest that the consent binds: SHA-256(salt || all of it), in hexadecimal."""
        return hashlib.sha256(salt + self.canonical()).hexdigest()


@attrs.frozen
class Contact:
    """A contact, without words."""

    id: str
    case_id: str
    recipient: str
    purpose: str
    """The code, as the enum `DisclosurePurpose` names it."""
    ends_on: date
    consent: str
    """Empty until the student has been asked; it counts from then on."""
    author: str
    created_at: datetime
    payload_digest: str

    @property
    def name(self) -> str:
        """The resource name, which is also the item's name for the key of what is sealed."""
        return name_of("contacts", self.id)

    def fits(self, named: Named, salt: bytes) -> bool:
        """Say whether this is what the student was asked about; the columns must be sealed too."""
        sealed = (named.contact, named.recipient, named.purpose, named.ends_on)
        return sealed == (
            self.name,
            self.recipient,
            self.purpose,
            self.ends_on.isoformat(),
        ) and same_digest(named.digest(salt), self.payload_digest)


def new_salt() -> bytes:
    """Make a fresh salt, so that a guessed name can't be confirmed from the digest."""
    return secrets.token_bytes(SALT_BYTES)


def unknown(name: str) -> Contact:
    """Stand in for a contact that is not there, so that consent is asked about it as well."""
    same = name.partition("/")[2]
    return Contact(
        id=same,
        case_id=same,
        recipient=name_of("thirdParties", same),
        purpose="DISCLOSURE_PURPOSE_CONFIRM_USE",
        ends_on=date.min,
        consent="",
        author="",
        created_at=datetime.min,
        payload_digest="0" * 64,
    )

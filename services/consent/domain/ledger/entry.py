"""
Ledger entries: one line for each decision, as canonical JSON (RFC 8785) of ids and codes.

An entry holds no words, no names and no CRSid: every text in it must look like a code. Whom it is
about stands in it only as a salted hash, and a random nonce keeps whoever holds leaf hashes from
confirming a guess about who came to the Service.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

VERSION = 1
MAX_BYTES = 65_535
"""The longest entry that C2SP's tile bundles can carry (a 16-bit length)."""

NONCE_BYTES = 16

_CODE = re.compile(r"[A-Za-z0-9_./:+-]{0,200}")
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class EntryBroken(ValueError):
    """An entry is too long, holds something that is not a code, or is not canonical JSON."""


def new_nonce() -> str:
    """16 random bytes, in hexadecimal."""
    return secrets.token_hex(NONCE_BYTES)


def salted(nonce: str, value: str) -> str:
    """
    Hash *value* with an entry's nonce, in hexadecimal; nothing stays nothing.

    Whoever knows the value can check it against the entry; nobody can find it from the entry.
    """
    if not value:
        return ""
    return hashlib.sha256(bytes.fromhex(nonce) + value.encode()).hexdigest()


def _codes(_: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    texts = (value,) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        texts = [*value.keys(), *value.values()]
    for text in texts:
        if not _CODE.fullmatch(text):
            # The value is not in the message: it may be somebody's words.
            raise EntryBroken(f"{attribute.name} holds something that is not a code")


def _code() -> Any:
    return attrs.field(default="", validator=_codes)


def _code_list() -> Any:
    return attrs.field(default=(), validator=_codes)


@attrs.frozen(kw_only=True)
class Entry:
    """One decision, as it is committed to the ledger."""

    action: str = attrs.field(validator=_codes)
    """What was asked for, as `noun:verb`."""
    effect: str = attrs.field(validator=attrs.validators.in_(("allow", "deny")))
    actor: str = attrs.field(validator=_codes)
    """Who asked: a resource name, `anonymous`, or `system`."""
    role: str = attrs.field(validator=_codes)
    at: datetime
    """By this server's clock."""
    policy_set: str = attrs.field(validator=_codes)
    """The SHA-256 of the policy file and schema that decided."""
    record: str = _code()
    student: str = _code()
    """Whom it is about. Not in the bytes: only as `subject`, salted."""
    purpose: str = _code()
    about: str = _code()
    """What exactly was opened, as a resource name."""
    items: tuple[str, ...] = _code_list()
    categories: tuple[str, ...] = _code_list()
    policies: tuple[str, ...] = _code_list()
    clauses: tuple[str, ...] = _code_list()
    reasons: tuple[str, ...] = _code_list()
    obligations: tuple[str, ...] = _code_list()
    consent: str = _code()
    consent_sha256: str = _code()
    disclosure: str = _code()
    breach: str = _code()
    payload_digest: str = _code()
    """The digest of what would leave. Not in the bytes: only as `payload`, salted."""
    details: Mapping[str, str] = attrs.field(factory=dict, validator=_codes)
    """What only one kind of entry has, as codes."""
    trace: str = _code()
    span: str = _code()
    entry_id: str = attrs.field(factory=lambda: str(uuid.uuid4()), validator=_codes)
    nonce: str = attrs.field(
        factory=new_nonce, validator=attrs.validators.matches_re("[0-9a-f]{32}")
    )

    def to_bytes(self, index: int) -> bytes:
        """
        Give the bytes that are committed, for this place in the ledger.

        The place is in the bytes, so that an entry moved to another place gives itself away.

        Raises:
            EntryBroken: it is longer than 65,535 bytes.
        """
        fields = {
            "about": self.about,
            "action": self.action,
            "actor": self.actor,
            "at": self.at.astimezone(UTC).strftime(_TIME),
            "breach": self.breach,
            "categories": sorted(self.categories),
            "clauses": sorted(self.clauses),
            "consent": self.consent,
            "consent_sha256": self.consent_sha256,
            "details": dict(self.details),
            "disclosure": self.disclosure,
            "effect": self.effect,
            "entry": self.entry_id,
            "index": index,
            "items": list(self.items),
            "nonce": self.nonce,
            "obligations": sorted(self.obligations),
            "payload": salted(self.nonce, self.payload_digest),
            "policies": sorted(self.policies),
            "policy_set": self.policy_set,
            "purpose": self.purpose,
            "reasons": sorted(self.reasons),
            "record": self.record,
            "role": self.role,
            "span": self.span,
            "subject": salted(self.nonce, self.student),
            "trace": self.trace,
            "v": VERSION,
        }
        entry = canonical(fields)
        if len(entry) > MAX_BYTES:
            raise EntryBroken(f"an entry has at most {MAX_BYTES} bytes")
        return entry


def canonical(fields: Mapping[str, Any]) -> bytes:
    """
    Give the one JSON spelling of *fields* (RFC 8785).

    Sorted keys and no spaces are the whole of RFC 8785 here, because there are only ASCII texts
    and whole numbers below 2**53; `_CODE` sees to that.
    """
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")


def parse(entry: bytes) -> dict[str, Any]:
    """
    Read an entry's fields.

    Raises:
        EntryBroken: the bytes are not canonical JSON of one object.
    """
    try:
        fields = json.loads(entry)
        same = isinstance(fields, dict) and canonical(fields) == entry
    except (ValueError, RecursionError) as error:
        raise EntryBroken("not JSON") from error
    if not same:
        raise EntryBroken("not canonical JSON")
    return dict(fields)

"""
A student's own passkeys: listing, adding, removing, and keeping one after all.

Identity vouches for them in the caller token (`caller_tokens.py`); what they sign of consents is
verified by consent, without asking here.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import attrs
import structlog

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, PasskeyNeeded, WrongState
from common.passkeys import (
    Passkey,
    PasskeyRefused,
    PasskeySignature,
    creation_options,
    registered,
    verified,
)
from services.identity.actions.parts import Parts, uuid_of
from services.identity.domain.passkeys import (
    BEGINNING_LASTS,
    MOST,
    REMOVAL_TAKES,
    KeptPasskey,
    handle_of,
    to_add,
    to_remove,
)
from services.identity.domain.sessions import STUDENT
from services.identity.storage.work import Work

log = structlog.get_logger()

ONCE_BYTES = 32
BEGIN_AGAIN = "It is not from this beginning, or its five minutes are over. Begin again."
NOT_MADE_HERE = (
    "No passkey that was made just now, on this page, by a device that knew its user. Begin again."
)


@attrs.frozen
class Begun:
    """The beginning of a change, for the student's browser."""

    creation_options: str
    once: bytes = attrs.field(repr=False)
    expires_at: datetime


@attrs.frozen(kw_only=True)
class Made:
    """What a device has just made."""

    client_data_json: bytes
    attestation_object: bytes


def mine(parts: Parts, caller: Caller) -> list[KeptPasskey]:
    """
    List the student's passkeys.

    Raises:
        NotAvailable: the caller is no student.
    """
    student = _own(caller)
    with parts.new_reads() as reads:
        return reads.passkeys.of(student, parts.clock())


def begin(parts: Parts, caller: Caller) -> Begun:
    """
    Begin to add or remove a passkey.

    Raises:
        NotAvailable: the caller is no student.
    """
    student, now = _own(caller), parts.clock()
    once, expires_at = secrets.token_bytes(ONCE_BYTES), now + BEGINNING_LASTS
    with parts.new_work() as work:
        known = [each.credential_id for each in work.passkeys.of(student, now)]
        work.passkeys.begin(_sha256(once), student, expires_at)
        work.commit()
    options = creation_options(parts.relying_party, once, handle_of(student), known)
    return Begun(options, once, expires_at)


def add(
    parts: Parts, caller: Caller, once: bytes, made: Made, signed: PasskeySignature | None
) -> KeptPasskey:
    """
    Add a passkey; where there is one already, it has to sign that.

    Raises:
        NotAvailable: the caller is no student.
        InvalidFields: the beginning or what the device made is not good; begin again.
        PasskeyNeeded: there is a passkey, and it did not sign exactly this.
        WrongState: there are as many as there may be, or this one is there.
    """
    student, now = _own(caller), parts.clock()
    _take(parts, student, once)
    try:
        passkey, count = registered(
            made.client_data_json, made.attestation_object, once, parts.relying_party
        )
    except PasskeyRefused:
        raise InvalidFields({"attestation_object": NOT_MADE_HERE}) from None
    with parts.new_work() as work:
        work.passkeys.hold(student)
        there = work.passkeys.of(student, now)
        if there:
            _must_be_signed(
                parts, work, student, there, signed, to_add(once, made.attestation_object)
            )
        if len(there) >= MOST:
            raise WrongState(f"{MOST} passkeys are the most: remove one first.")
        if any(each.credential_id == passkey.credential_id for each in there):
            raise WrongState("This passkey is there already.")
        # One of that id whose time is over, and which nobody has forgotten yet, makes room.
        work.passkeys.remove(student, passkey.credential_id)
        added = KeptPasskey(
            passkey.credential_id, passkey.public_key, passkey.thumbprint, count, now
        )
        work.passkeys.add(student, added)
        work.commit()
    log.info("passkey_added", student=caller.person)
    return added


def remove(
    parts: Parts,
    caller: Caller,
    credential_id: bytes,
    once: bytes,
    signed: PasskeySignature | None,
) -> datetime:
    """
    Remove a passkey: at once if one of the student's signs that, else in a week.

    Who has lost theirs can't sign; who has stolen a session can't either. The week tells them
    apart: the student sees it in their list, and can keep the passkey. A second wish does not
    make it longer or shorter.

    Returns:
        When it is gone.

    Raises:
        NotAvailable: the caller is no student, or there is no such passkey.
        InvalidFields: what it began with is not good; begin again.
        PasskeyNeeded: none of theirs signed exactly this.
    """
    student, now = _own(caller), parts.clock()
    if signed is not None:
        _take(parts, student, once)
    with parts.new_work() as work:
        work.passkeys.hold(student)
        there = work.passkeys.of(student, now)
        found = _one_of(there, credential_id)
        if signed is not None:
            _must_be_signed(parts, work, student, there, signed, to_remove(once, credential_id))
            work.passkeys.remove(student, credential_id)
            gone_at = now
        else:
            gone_at = found.remove_time or now + REMOVAL_TAKES
            work.passkeys.remove_at(student, credential_id, gone_at)
        work.commit()
    log.info("passkey_removed", student=caller.person, at_once=signed is not None)
    return gone_at


def keep(parts: Parts, caller: Caller, credential_id: bytes) -> KeptPasskey:
    """
    Keep a passkey that was to be removed in a week; to do so again changes nothing.

    Raises:
        NotAvailable: the caller is no student, or there is no such passkey.
    """
    student = _own(caller)
    with parts.new_work() as work:
        work.passkeys.hold(student)
        found = _one_of(work.passkeys.of(student, parts.clock()), credential_id)
        work.passkeys.remove_at(student, credential_id, None)
        work.commit()
    log.info("passkey_kept", student=caller.person)
    return attrs.evolve(found, remove_time=None)


def _own(caller: Caller) -> str:
    """Give the id of the student who calls."""
    if caller.kind != STUDENT:
        raise NotAvailable
    return uuid_of(caller.person)


def _one_of(there: list[KeptPasskey], credential_id: bytes) -> KeptPasskey:
    for each in there:
        if each.credential_id == credential_id:
            return each
    raise NotAvailable


def _take(parts: Parts, student: str, once: bytes) -> None:
    """Take a beginning away, for good: whatever happens then, it can't be used again."""
    with parts.new_work() as work:
        good = work.passkeys.take(_sha256(once), student, parts.clock())
        work.commit()
    if not good:
        raise InvalidFields({"once": BEGIN_AGAIN})


def _must_be_signed(
    parts: Parts,
    work: Work,
    student: str,
    there: list[KeptPasskey],
    signed: PasskeySignature | None,
    challenge: bytes,
) -> None:
    for each in there:
        if signed is not None and signed.passkey == Passkey(each.credential_id, each.public_key):
            try:
                count = verified(signed, challenge, parts.relying_party, each.sign_count)
            except PasskeyRefused:
                break
            work.passkeys.used(student, each.credential_id, count)
            return
    raise PasskeyNeeded


def _sha256(once: bytes) -> bytes:
    return hashlib.sha256(once).digest()

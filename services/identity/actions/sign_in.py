"""
Signing in: from the identity provider's page to a session.

A person is known by their account, and an account by the HMAC of issuer and subject. Who is no
staff member is a student: nobody is asked who they are before they may come in.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import uuid4

import attrs
import structlog

from common.errors import InvalidFields, SignInFailed
from services.identity.actions.parts import Parts
from services.identity.domain.academic_year import academic_year
from services.identity.domain.callbacks import is_allowed
from services.identity.domain.crsid import Crsid
from services.identity.domain.records import registration_form
from services.identity.domain.sessions import STAFF, STUDENT, Session
from services.identity.domain.students import ASKED, Student
from services.identity.storage.sign_ins import SignIn
from services.identity.storage.students import CrsidIndex
from services.identity.storage.work import Work

log = structlog.get_logger()

SIGN_IN_LASTS = timedelta(minutes=10)
TOKEN_BYTES = 32


@attrs.frozen
class Begun:
    """The beginning of a sign-in, for the person's browser."""

    authorization_url: str
    state: str
    expires_at: datetime


@attrs.frozen
class SignedIn:
    """A new session, with the secret that stands for it. We keep only its SHA-256."""

    token: str = attrs.field(repr=False)
    session: Session


def start(parts: Parts, redirect_uri: str) -> Begun:
    """
    Begin a sign-in.

    Raises:
        InvalidFields: the address to come back to is none of ours.
        TryAgain: the identity provider can't be reached.
    """
    if not is_allowed(redirect_uri, parts.redirect_uris):
        raise InvalidFields({"redirect_uri": "Not one of the addresses configured."})
    state, nonce, verifier = (secrets.token_urlsafe(TOKEN_BYTES) for _ in range(3))
    url = parts.provider.authorization_url(
        state=state, nonce=nonce, verifier=verifier, redirect_uri=redirect_uri
    )
    expires_at = parts.clock() + SIGN_IN_LASTS
    with parts.new_work() as work:
        work.sign_ins.add(sha256(state), SignIn(verifier, nonce, redirect_uri, expires_at))
        work.commit()
    return Begun(url, state, expires_at)


def complete(parts: Parts, state: str, code: str) -> SignedIn:
    """
    End a sign-in with a session.

    The beginning is taken away first and for good: whatever happens then, neither state nor code
    can be used again. Somebody new to us is more work than somebody who was here before. So once
    the provider has said who it is, the answer leaves at a beat: its time tells nobody on the line
    that a student has used the Service (R9).

    Raises:
        SignInFailed: the state or the code is not good, or a staff member has no role any more.
        TooManyCalls: too many sign in at this moment.
        TryAgain: the identity provider, Vault or the database can't be reached.
    """
    with parts.new_work() as work:
        begun = work.sign_ins.take(sha256(state))
        work.commit()
    if begun is None or begun.expires_at <= parts.clock():
        raise SignInFailed
    person = parts.provider.redeem(
        code, verifier=begun.verifier, nonce=begun.nonce, redirect_uri=begun.redirect_uri
    )
    with parts.pace.kept():
        account = parts.index.account(person.issuer, person.subject)
        signed_in = _as_staff_member(parts, account, second_factor=person.second_factor)
        if signed_in is None:
            signed_in = _as_student(
                parts, account, person.crsid, second_factor=person.second_factor
            )
    log.info("signed_in", person=signed_in.session.person, session=signed_in.session.id)
    return signed_in


def sha256(token: str) -> bytes:
    """Return what we keep of a secret that has 256 bits of chance in it."""
    return hashlib.sha256(token.encode()).digest()


def _as_staff_member(parts: Parts, account: bytes, *, second_factor: bool) -> SignedIn | None:
    """Sign a staff member in, on this device and no other (R20); None if it is none."""
    now = parts.clock()
    with parts.new_work() as work:
        id_ = work.staff_members.lock_account(account)
        if id_ is None:
            return None
        roles = work.staff_members.roles(id_, now)
        if not roles:
            log.info("sign_in_without_role", person=f"staffMembers/{id_}")
            raise SignInFailed
        session = Session(
            id=str(uuid4()),
            person=f"staffMembers/{id_}",
            kind=STAFF,
            roles=frozenset(role.code for role in roles),
            second_factor=second_factor,
            # At the end of the first role the session no longer says the truth.
            expires_at=min(now + parts.lifetimes.absolute, *(role.ends_at for role in roles)),
            last_used_at=now,
        )
        work.sessions.end_all_of(session.person, now)
        return _keep(work, session)


def _as_student(
    parts: Parts, account: bytes, crsid: Crsid | None, *, second_factor: bool
) -> SignedIn:
    """Sign a student in, who may be new to us."""
    now = parts.clock()
    with parts.new_reads() as reads:
        id_ = reads.students.id_of_account(account)
    if id_ is None:
        id_ = _welcome(parts, account, crsid)
    session = Session(
        id=str(uuid4()),
        person=f"students/{id_}",
        kind=STUDENT,
        roles=frozenset({"student"}),
        second_factor=second_factor,
        expires_at=now + parts.lifetimes.absolute,
        last_used_at=now,
    )
    with parts.new_work() as work:
        return _keep(work, session)


def _welcome(parts: Parts, account: bytes, crsid: Crsid | None) -> str:
    """
    Tie an account that is new to us to a student, and return the student's id.

    It is the student whom a staff member registered under this CRSid, if nobody signs in as them
    yet; else somebody new, of whom we keep no more than that there is somebody.
    """
    claimed = None
    if crsid is not None:
        year = academic_year(parts.clock())
        claimed = CrsidIndex(year, parts.index.crsid(year, crsid))
        everywhere = parts.index.crsid_in_every_cohort(year, crsid)
        with parts.new_work() as work:
            registered = work.students.by_crsid(everywhere)
            if registered and work.students.add_account(registered.id, account, claimed):
                work.commit()
                return registered.id
    student = Student(str(uuid4()), ASKED, 1, parts.clock())
    item = registration_form(student.id)
    parts.sealer.begin(item)
    parts.consent.register(item, student=student.name)
    with parts.new_work() as work:
        work.students.add(student)
        if work.students.add_account(student.id, account, claimed):
            work.commit()
            return student.id
    # The same person signed in twice at the same moment, and the other was first.
    with parts.new_reads() as reads:
        known = reads.students.id_of_account(account)
    if known is None:
        raise SignInFailed
    return known


def _keep(work: Work, session: Session) -> SignedIn:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    work.sessions.add(sha256(token), session)
    work.commit()
    return SignedIn(token, session)

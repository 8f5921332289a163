"""Staff members: admitted by a manager, with a role that ends (R20)."""

from __future__ import annotations

from datetime import datetime

import attrs
import structlog
from google.protobuf.timestamp_pb2 import Timestamp
from sas.identity.v1.events_pb2 import StaffAddressChanged, StaffRoleChanged

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, WrongState
from common.requests import earlier_result, remember_request
from services.identity.actions.parts import Parts, uuid_of
from services.identity.domain.roles import Role
from services.identity.domain.staff_members import why_not_personal
from services.identity.storage.staff_members import StaffMember
from services.identity.storage.work import Work

log = structlog.get_logger()


@attrs.frozen
class Candidate:
    """Somebody to admit."""

    display_name: str = attrs.field(repr=False)
    issuer: str
    subject: str = attrs.field(repr=False)
    role: str
    role_ends_at: datetime
    mail_address: str = attrs.field(default="", repr=False)


def create(parts: Parts, caller: Caller, candidate: Candidate, request_id: str) -> StaffMember:
    """
    Admit a staff member, or a former one again.

    Raises:
        InvalidFields: the account is not a person's, or signs in elsewhere, or the end is past.
        WrongState: the person has a role already.
        RequestIdReused: *request_id* was used for another call.
    """
    _check(parts, candidate)
    account = parts.index.account(candidate.issuer, candidate.subject)
    with parts.new_work() as work:
        earlier = earlier_result(work.connection, request_id, caller.person, "CreateStaffMember")
        if earlier is not None:
            return _known(work, earlier)
        admitted = _admit(parts, work, account, candidate)
        remember_request(
            work.connection, request_id, caller.person, "CreateStaffMember", admitted.name
        )
        work.commit()
    log.info("staff_member_admitted", staff_member=admitted.name, by=caller.person)
    return admitted


def appoint(parts: Parts, candidate: Candidate) -> StaffMember:
    """
    Appoint the first manager, which nobody in the Service can do: an operator's command.

    Raises:
        InvalidFields: as for `create`.
        WrongState: there is a manager, who admits everybody else.
    """
    _check(parts, candidate)
    account = parts.index.account(candidate.issuer, candidate.subject)
    with parts.new_work() as work:
        if work.staff_members.anybody_holds("manager", parts.clock()):
            raise WrongState("There is a manager already, who admits everybody else.")
        admitted = _admit(parts, work, account, candidate)
        work.commit()
    log.info("first_manager_appointed", staff_member=admitted.name)
    return admitted


def page(parts: Parts, after: str | None, size: int) -> tuple[list[StaffMember], str]:
    """Return a page of staff members, and the id at its end if there are more."""
    with parts.new_reads() as reads:
        found = reads.staff_members.page(after, size + 1)
    return found[:size], found[size - 1].id if len(found) > size else ""


def tell_name(parts: Parts, name_request: str) -> str:
    """
    Tell a student the name of a staff member, if it was decided that they may know it (R24).

    Consent says whose it is, and has the telling in the ledger before this is answered. Staff who
    left are named like the others.

    Raises:
        NotAvailable: it is not the caller's request, or there is none.
        ServiceError: what else consent refuses with.
    """
    named = parts.consent.released_name(name_request)
    with parts.new_reads() as reads:
        member = _known(reads, named)
    log.info("staff_name_told", name_request=name_request)
    return member.display_name


def end_role(parts: Parts, name: str) -> StaffMember:
    """
    End a staff member's role now; their sessions end with it.

    Raises:
        NotAvailable: there is no such staff member.
    """
    now = parts.clock()
    id_ = uuid_of(name)
    with parts.new_work() as work:
        work.staff_members.lock(id_)  # a sign-in at this moment waits, and then finds no role
        work.staff_members.end_roles(id_, now)
        work.sessions.end_all_of(name, now)
        ended = _known(work, name)
        _tell_role(work, ended)
        _tell_address(parts, work, ended, "")
        work.commit()
    log.info("staff_role_ended", staff_member=name)
    return ended


def set_address(parts: Parts, name: str, mail_address: str) -> StaffMember:
    """
    Say where a staff member is told that something waits for them; empty for nowhere.

    Identity seals it for the worker that sends mails, and keeps nothing of it.

    Raises:
        NotAvailable: there is no such staff member, or their role has ended.
        TryAgain: Vault can't be reached.
    """
    id_ = uuid_of(name)
    with parts.new_work() as work:
        work.staff_members.lock(id_)
        member = _known(work, name)
        if not member.role.holds(parts.clock()):
            raise NotAvailable
        _tell_address(parts, work, member, mail_address)
        work.commit()
    log.info("staff_address_set", staff_member=name)
    return member


def _check(parts: Parts, candidate: Candidate) -> None:
    wrong = why_not_personal(candidate.display_name, candidate.subject)
    if candidate.role_ends_at <= parts.clock():
        wrong["role_ends_at"] = "A day to come."
    if candidate.issuer != parts.provider.issuer:
        wrong["issuer"] = "Not the identity provider that people sign in at."
    if wrong:
        raise InvalidFields(wrong)


def _admit(parts: Parts, work: Work, account: bytes, candidate: Candidate) -> StaffMember:
    now = parts.clock()
    id_ = work.staff_members.add(account, candidate.display_name, now)
    if work.staff_members.roles(id_, now):
        raise WrongState("This person has a role already.")
    work.staff_members.add_role(id_, Role(candidate.role, now, candidate.role_ends_at))
    admitted = _known(work, f"staffMembers/{id_}")
    _tell_role(work, admitted)
    if candidate.mail_address:
        _tell_address(parts, work, admitted, candidate.mail_address)
    return admitted


def _tell_role(work: Work, member: StaffMember) -> None:
    """Tell consent until when somebody may be asked for advice (R36)."""
    work.tell(
        StaffRoleChanged(
            staff_member=member.name,
            version=work.staff_members.next_version(member.id),
            role=member.role.code,
            begin_time=_timestamp(member.role.begins_at),
            end_time=_timestamp(member.role.ends_at),
        )
    )


def _tell_address(parts: Parts, work: Work, member: StaffMember, mail_address: str) -> None:
    """Tell cases, which has the mail, where to write to somebody until their role ends."""
    work.tell(
        StaffAddressChanged(
            staff_member=member.name,
            version=work.staff_members.next_version(member.id),
            sealed_address=parts.seal_address(member.name, mail_address) if mail_address else "",
            end_time=_timestamp(member.role.ends_at),
        )
    )


def _timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def _known(work: Work, name: str) -> StaffMember:
    found = work.staff_members.find(uuid_of(name))
    if found is None:
        raise NotAvailable
    return found

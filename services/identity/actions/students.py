"""
Students and their registration forms (R16, R17).

A form is sealed before it is stored, and what may be counted of it leaves as sealed codes in the
same transaction. Nobody is refused for a missing field (R1), and who says no is advised all the
same.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import attrs
import structlog
from sas.common.v1.purpose_pb2 import Purpose
from sas.identity.v1 import events_pb2

from common.caller import Caller
from common.errors import NotAvailable, SecondFactorNeeded, StaleEtag, WrongState
from common.requests import earlier_result, remember_request
from services.identity.actions.parts import Parts, etag_of, uuid_of
from services.identity.domain import crsid as crsids
from services.identity.domain.academic_year import academic_year
from services.identity.domain.records import Sealed, registration_form
from services.identity.domain.sessions import STAFF
from services.identity.domain.students import (
    ASKED,
    COMPLETED,
    DECLINED,
    RegistrationForm,
    Student,
)
from services.identity.storage.consent import Opening
from services.identity.storage.sealing import unsealed
from services.identity.storage.students import CrsidIndex
from services.identity.storage.work import Work

log = structlog.get_logger()


@attrs.frozen
class _Written:
    """A form as it is going to be kept, made before the transaction begins."""

    form: Sealed
    index: CrsidIndex | None
    facts: events_pb2.StudentFactsRecorded


def register(parts: Parts, caller: Caller, form: RegistrationForm, request_id: str) -> Student:
    """
    Register a student who came without signing in.

    Raises:
        RequestIdReused: *request_id* was used for another call.
        TryAgain: Vault, consent or the database can't be reached.
    """
    with parts.new_reads() as reads:
        earlier = earlier_result(reads.connection, request_id, caller.person, "RegisterStudent")
        if earlier is not None:
            return _known(reads, earlier)
    state = ASKED if form.empty else COMPLETED
    student = Student(str(uuid4()), state, 1, parts.clock())
    item = registration_form(student.id)
    parts.sealer.begin(item)
    parts.consent.register(item, student=student.name)
    written = None if form.empty else _written(parts, student, form, indexed=True)
    with parts.new_work() as work:
        work.students.add(student)
        if written is not None:
            _keep(work, student.id, written)
        remember_request(
            work.connection, request_id, caller.person, "RegisterStudent", student.name
        )
        work.commit()
    log.info("student_registered", student=student.name)
    return student


def complete_form(
    parts: Parts, caller: Caller, name: str, form: RegistrationForm, etag: str
) -> Student:
    """
    Keep a registration form in place of what was there.

    Raises:
        NotAvailable: it is somebody else's, or there is no such student.
        SecondFactorNeeded: a staff member without one.
        StaleEtag: somebody changed it in the meantime.
        TryAgain: Vault or the database can't be reached.
    """
    with parts.within_walls() as work:
        student = _changeable(work, caller, name)
        earlier = work.students.form(student.id)
        claimed = work.students.claimed_crsid(student.id)
    if etag and etag != etag_of(student):
        raise StaleEtag
    written = _written(
        parts,
        student,
        form,
        version=earlier.version + 1 if earlier else 1,
        indexed=caller.kind == STAFF or _is_own_crsid(parts, form, claimed),
    )
    with parts.new_work() as work:
        changed = work.students.change(student, COMPLETED)
        if changed is None:
            raise StaleEtag
        _keep(work, student.id, written)
        work.commit()
    log.info("registration_form_completed", student=name)
    return changed


def decline_form(parts: Parts, caller: Caller, name: str) -> Student:
    """
    Note that the student was asked for a registration form and said no.

    Raises:
        NotAvailable: it is somebody else's, or there is no such student.
        SecondFactorNeeded: a staff member without one.
        WrongState: it was completed before.
        StaleEtag: somebody changed it in the meantime.
    """
    with parts.within_walls() as work:
        student = _changeable(work, caller, name)
        if student.registration_state == COMPLETED:
            raise WrongState("The registration form was completed before.")
        changed = work.students.change(student, DECLINED)
        if changed is None:
            raise StaleEtag
        work.commit()
    log.info("registration_form_declined", student=name)
    return changed


def open_form(parts: Parts, name: str, purpose: Purpose.ValueType) -> RegistrationForm:
    """
    Open a student's registration form; an empty one if the student has filled in none.

    Consent decides, commits the ledger entry and only then hands over the form's data key. A name
    that does not exist takes the same way, and is recorded too.

    Raises:
        NotAvailable: the caller may not, or there is no such student.
        ServiceError: what else consent refuses with.
    """
    id_ = uuid_of(name)
    item = registration_form(id_)
    with parts.new_reads() as reads:
        student = reads.students.find(id_)
        sealed = reads.students.form(id_)
    opening = Opening("registration_form:read", purpose, about=name)
    key = parts.consent.key_to(item, sealed, opening)
    if student is None:
        raise NotAvailable
    if sealed is None or key is None:
        return RegistrationForm()
    return RegistrationForm.from_bytes(unsealed(item, sealed, key))


def find(parts: Parts, crsid_as_typed: str) -> Student | None:
    """
    Find a student by CRSid. No form is opened, so nothing is learnt but the random name.

    Behind a wall there is nobody with that CRSid.

    Raises:
        TryAgain: Vault, consent or the database can't be reached.
    """
    hmacs = _hmacs(parts, crsid_as_typed)
    with parts.within_walls() as work:
        return work.students.by_crsid(hmacs)


def should_pass_on(parts: Parts, crsid_as_typed: str) -> bool:
    """
    Say whether the caller should pass a student to a colleague before they advise; never why.

    Consent is asked in the same way when nobody is found, and writes it down as well (R9).

    Raises:
        NotAvailable: the caller is not of the Service.
        SecondFactorNeeded: the session has none.
        TryAgain: Vault, consent or the database can't be reached.
    """
    hmacs = _hmacs(parts, crsid_as_typed)
    with parts.new_reads() as reads:
        found = [student.name for student in reads.students.all_by_crsid(hmacs)]
    answer = parts.walls.stand_in_the_way(found)
    log.info("conflict_checked")
    return answer


def _hmacs(parts: Parts, crsid_as_typed: str) -> Sequence[bytes]:
    crsid = crsids.normalise(crsid_as_typed)
    if crsid is None:
        return ()
    return parts.index.crsid_in_every_cohort(academic_year(parts.clock()), crsid)


def _written(
    parts: Parts, student: Student, form: RegistrationForm, *, version: int = 1, indexed: bool
) -> _Written:
    """Ask Vault for everything that a form needs, so that no transaction waits for Vault."""
    cohort = academic_year(parts.clock())
    crsid = crsids.normalise(form.crsid)
    if crsid is not None and not crsid.usual:
        log.warning("crsid_of_unusual_form", student=student.name)
    return _Written(
        form=parts.sealer.seal(registration_form(student.id), form.to_bytes(), version),
        index=CrsidIndex(cohort, parts.index.crsid(cohort, crsid)) if crsid and indexed else None,
        facts=events_pb2.StudentFactsRecorded(
            pseudonym=parts.index.pseudonym(student.name),
            cohort=cohort,
            sealed_facts=parts.vault.encrypt("facts", f"cohort-{cohort}", form.facts()),
        ),
    )


def _keep(work: Work, id_: str, written: _Written) -> None:
    work.students.keep_form(id_, written.form)
    work.students.index_crsid(id_, written.index)
    work.tell(written.facts)


def _is_own_crsid(parts: Parts, form: RegistrationForm, claimed: CrsidIndex | None) -> bool:
    """
    Say whether the CRSid in the form is the one the student signs in with.

    A student who types somebody else's is not refused, but is not found by it either: what the
    staff then write about that other person must not end up in this student's record.
    """
    crsid = crsids.normalise(form.crsid)
    if crsid is None or claimed is None:
        return False
    return parts.index.crsid(claimed.cohort, crsid) == claimed.hmac


def _changeable(work: Work, caller: Caller, name: str) -> Student:
    """Return the student whose form the caller may change: their own, or any for a staff member."""
    if caller.kind == STAFF:
        if not caller.second_factor:
            raise SecondFactorNeeded
    elif caller.person != name:
        raise NotAvailable
    return _known(work, name)


def _known(work: Work, name: str) -> Student:
    student = work.students.find(uuid_of(name))
    if student is None:
        raise NotAvailable
    return student

"""
Breaches of confidentiality: drafting, deciding and reading (R32-R38).

Telling is in `telling.py`, adding after the decision in `addenda.py`.

consent decides by the facts it was told; the words stay here, sealed. So consent is told with every
change and once more before it decides, each time while the row is held: what is decided is what
lies here.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import attrs
import structlog
from sas.common.v1.purpose_pb2 import PURPOSE_OWN_RECORD, PURPOSE_SAFETY

from common.caller import Caller
from common.db import etag
from common.errors import InvalidFields, NotAvailable, RefusedByPolicy, StaleEtag, WrongState
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.breaches import (
    SALT_BYTES,
    Addendum,
    Breach,
    BreachWords,
    Recipient,
    StudentFirst,
    Told,
    chained_digest,
    latest_words,
)
from services.cases.domain.names import id_of, record_of
from services.cases.domain.states import BreachState, RecordKind
from services.cases.storage.consent import Standing
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)

_DECIDED = "breach_already_decided"
"""Consent's reason code for a second decision."""


@attrs.frozen
class Parts:
    """What is added to the record of a breach. None and empty leave what was there."""

    ground: str
    serious: bool | None
    imminent: bool | None
    whose_safety: str
    student_first: StudentFirst | None
    words: BreachWords = attrs.field(repr=False)
    recipients: tuple[Recipient, ...]

    def over(self, breach: Breach) -> Breach:
        """Lay these parts over a breach."""
        return attrs.evolve(
            breach,
            ground=self.ground or breach.ground,
            serious=breach.serious if self.serious is None else self.serious,
            imminent=breach.imminent if self.imminent is None else self.imminent,
            whose_safety=self.whose_safety or breach.whose_safety,
            student_first=self.student_first or breach.student_first,
            recipients=self.recipients or breach.recipients,
            parts=breach.parts | self.words.parts(),
        )


@attrs.frozen
class OpenedBreach:
    """A breach with its words."""

    breach: Breach
    standing: Standing
    words: BreachWords = attrs.field(repr=False)
    told: Sequence[Told] = attrs.field(repr=False)
    addenda: Sequence[Addendum] = attrs.field(repr=False)


def draft_breach(
    tools: Tools, who: Caller, case: str, parts: Parts, *, request_id: str
) -> tuple[Breach, Standing]:
    """
    Begin the record of a breach, and say what the policy still asks for.

    It is a record of its own with its own key, a child of the case's record.

    Raises:
        InvalidFields: what is said about speaking to the student is not whole.
        NotAvailable: there is no such case.
        WrongState: the case is being disposed of.
    """
    _check(tools, parts)
    name = name_once(tools, who, "DraftBreach", request_id, "breaches")
    breach_id = id_of(name, "breaches") or ""
    with tools.begin() as work:
        there = work.breaches.find(breach_id)
        found = work.cases.find(id_of(case, "cases"))
    if there is not None:
        return tell_facts(tools, name)
    if found is None:
        raise NotAvailable
    tools.consent.register(record_of(breach_id), RecordKind.BREACH, found.student, found.record)
    tools.sealing.begin(RecordKind.BREACH, breach_id)
    breach = Breach(
        id=breach_id,
        case_id=found.id,
        state=BreachState.DRAFT,
        ground="",
        serious=False,
        imminent=False,
        whose_safety="",
        student_first=None,
        recipients=(),
        parts=frozenset(),
        version=1,
    )
    with tools.begin() as work:
        held = work.cases.hold(found.id)
        if held is None or not held.state.takes_more:
            raise WrongState("This case is being disposed of.")
        breach = parts.over(breach)
        if not work.breaches.add(breach, who.person, tools.now()):
            return tell_facts(tools, name)
        _add_words(tools, work, who, breach, parts.words)
        # Before the commit: what consent does not take, such as an attempt to speak to a student
        # who must not know, is not kept here either.
        standing = _tell(tools, work, breach)
        work.commit()
    log.info("breach_drafted", breach=name)
    return breach, standing


def amend_breach(
    tools: Tools, who: Caller, name: str, parts: Parts, *, expected_etag: str
) -> tuple[Breach, Standing]:
    """
    Add to the record before the decision; earlier versions of the words stay.

    Raises:
        InvalidFields: what is said about speaking to the student is not whole, or is switched off.
        NotAvailable: there is no such breach.
        StaleEtag: somebody changed it in the meantime.
        WrongState: it is decided; from then on nothing in it changes.
    """
    _check(tools, parts)
    with tools.begin() as work:
        breach = held_breach(work, name)
        if expected_etag and expected_etag != breach_etag(breach):
            raise StaleEtag
        if breach.state is not BreachState.DRAFT:
            raise WrongState("It is decided, and stays as it is.")
        _add_words(tools, work, who, breach, parts.words)
        breach = work.breaches.change(parts.over(breach))
        # Before the commit: consent may know that it is decided, and then nothing is added.
        standing = _tell(tools, work, breach)
        work.commit()
    log.info("breach_amended", breach=name)
    return breach, standing


def decide_breach(tools: Tools, name: str, *, despite_advice: bool, emergency: bool) -> Breach:
    """
    Decide to break confidentiality.

    Raises:
        RefusedByPolicy: with every part that is missing, or because it is decided.
        NotAvailable: the caller may not know, or there is no such breach.
    """
    with tools.begin() as work:
        breach = work.breaches.hold(id_of(name, "breaches"))
        draft = breach is not None and breach.state is BreachState.DRAFT
        if breach is not None and draft:
            _tell_unless_decided(tools, work, breach)
        try:
            # Also for a name that is not there, or a breach that is decided: it is written down.
            tools.consent.authorise_breach(name, despite_advice=despite_advice, emergency=emergency)
        except RefusedByPolicy as refused:
            # Decided there but not here: an earlier try failed after consent had committed it.
            if not draft or refused.reasons != (_DECIDED,):
                raise
        if breach is None:
            raise NotAvailable
        breach = work.breaches.change(attrs.evolve(breach, state=BreachState.DECIDED))
        work.commit()
    log.info("breach_decided", breach=name)
    return breach


def read_breach(tools: Tools, who: Caller, name: str) -> OpenedBreach:
    """
    Open the record of a breach: all its words, by one decision.

    Raises:
        NotAvailable: the caller may not read it, or there is no such breach.
    """
    with tools.look() as reads:
        breach = reads.breaches.find(id_of(name, "breaches"))
        words = reads.breaches.sealed_words(breach) if breach else []
        told = reads.breaches.sealed_told(breach) if breach else []
        addenda = reads.addenda.sealed(breach) if breach else []
    keys = tools.consent.open(
        record_of(name.partition("/")[2]),
        [*words, *told, *(each.sealed for each in addenda)],
        action="breach:read",
        purpose=PURPOSE_OWN_RECORD if who.kind == "student" else PURPOSE_SAFETY,
        about=name,
    )
    if breach is None or not words:
        raise NotAvailable
    standing = Standing()
    if breach.state is BreachState.DRAFT and "breach:draft" in who.permissions:
        _, standing = tell_facts(tools, name)
    log.info("breach_read", breach=name)
    return OpenedBreach(
        breach=breach,
        standing=standing,
        words=latest_words(BreachWords.from_bytes(keys.open(each)) for each in words),
        told=[Told.from_bytes(keys.open(each)) for each in told],
        addenda=[
            Addendum(each.author, each.added_at, keys.open(each.sealed).decode())
            for each in addenda
        ],
    )


def tell_facts(tools: Tools, name: str) -> tuple[Breach, Standing]:
    """
    Tell consent the facts as they stand here, and hear what is missing.

    The row is held meanwhile, so that of two changes the later one is also told later.
    """
    with tools.begin() as work:
        breach = held_breach(work, name)
        if breach.state is not BreachState.DRAFT:
            return breach, Standing()
        return breach, _tell(tools, work, breach)


def breach_etag(breach: Breach) -> str:
    """Give the etag of a breach."""
    return etag(breach.name, breach.version)


def held_breach(work: Work, name: str) -> Breach:
    """
    Give a breach, and keep everybody else from changing it until this work ends.

    Raises:
        NotAvailable: there is no such breach.
    """
    breach = work.breaches.hold(id_of(name, "breaches"))
    if breach is None:
        raise NotAvailable
    return breach


def _check(tools: Tools, parts: Parts) -> None:
    wrong = parts.student_first.wrong(tools.now()) if parts.student_first else ""
    if wrong:
        raise InvalidFields({"parts.student_first": wrong})


def _tell(tools: Tools, work: Work, breach: Breach) -> Standing:
    return tools.consent.record_breach_facts(breach, work.breaches.words_digest(breach))


def _tell_unless_decided(tools: Tools, work: Work, breach: Breach) -> None:
    try:
        _tell(tools, work, breach)
    except (WrongState, RefusedByPolicy):
        log.info("breach_facts_closed", breach=breach.name)


def _add_words(tools: Tools, work: Work, who: Caller, breach: Breach, words: BreachWords) -> None:
    """Seal and add a version of the words; the first is added also when it is empty."""
    number = work.breaches.next_number(breach)
    if words.empty and number > 1:
        return
    item, opened = breach.words_item(number), words.to_bytes()
    salt = secrets.token_bytes(SALT_BYTES)
    work.breaches.add_words(
        breach,
        number,
        tools.sealing.seal(RecordKind.BREACH, breach.id, item, opened),
        salt=salt,
        digest=chained_digest(work.breaches.words_digest(breach), salt, opened),
        author=who.person,
        created_at=tools.now(),
    )

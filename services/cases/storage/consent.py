"""
Consent's answers, as this service needs them.

Consent decides, commits why to the ledger, and only then hands over data keys. So there is no way
to open anything here but through this file. Only `serve` imports it: workers make no gRPC call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

import attrs
from google.protobuf.timestamp_pb2 import Timestamp
from sas.common.v1.naming_pb2 import NameAnswer, NameGround, NameView, NotHeard
from sas.common.v1.purpose_pb2 import DisclosurePurpose, Purpose
from sas.consent.v1 import (
    access_copies_pb2,
    access_copies_pb2_grpc,
    breach_procedure_pb2,
    breach_procedure_pb2_grpc,
    consents_pb2,
    consents_pb2_grpc,
    gate_pb2,
    gate_pb2_grpc,
    name_procedure_pb2,
    name_procedure_pb2_grpc,
    paper_pb2,
    paper_pb2_grpc,
    records_pb2,
    records_pb2_grpc,
)

from common.rpc.client import Peer
from services.cases.domain.access_copies import AccessCopy
from services.cases.domain.breaches import Breach, StudentFirst
from services.cases.domain.contacts import Contact
from services.cases.domain.disclosures import Disclosure
from services.cases.domain.names import record_of
from services.cases.domain.prints import Print
from services.cases.domain.states import RecordKind
from services.cases.storage.sealed import SealedItem

_KINDS = {
    RecordKind.CASE: records_pb2.RECORD_KIND_CASE,
    RecordKind.ENQUIRY: records_pb2.RECORD_KIND_ENQUIRY,
    RecordKind.BREACH: records_pb2.RECORD_KIND_BREACH,
    RecordKind.INCIDENT: records_pb2.RECORD_KIND_INCIDENT,
}


@attrs.frozen
class Keys:
    """The data keys that consent handed over: used once, in this call, and forgotten."""

    _by_item: Mapping[str, bytes] = attrs.field(repr=False)
    gate_pass: str = attrs.field(default="", repr=False)
    """What the gate signed, for what may leave with them; empty where nothing leaves."""
    decision: str = ""
    """The decision that handed them over, for whoever it has to be proved to."""

    def open(self, sealed: SealedItem, field: str = "words") -> bytes:
        """Open one field of an item."""
        return sealed.open(self.of(sealed), field)

    def of(self, sealed: SealedItem) -> bytes:
        """Give the data key of an item."""
        return self._by_item[sealed.item]

    def leading_to(self, sealed: SealedItem, key: bytes) -> Keys:
        """Give the key of another item, to which these have led."""
        return attrs.evolve(self, by_item={sealed.item: key})


@attrs.frozen
class TrustedContact:
    """Somebody whom the student has agreed that we turn to in a serious and imminent risk."""

    recipient: str
    contact: str
    consent: str
    ends_at: datetime


@attrs.frozen
class Standing:
    """How a breach under consideration stands: what the policy still asks for, and warns of."""

    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    trusted_contacts: tuple[TrustedContact, ...] = ()


@attrs.frozen
class NameRequestMade:
    """A request for a name that may be made."""

    record: str
    """What the line is about."""
    due_at: datetime


class Consent:
    """
    The consent service, asked for the caller of the call at hand.

    Every method raises NotAvailable, SecondFactorNeeded or RefusedByPolicy when consent refuses,
    and TryAgain when it can't answer; nothing is opened then.
    """

    def __init__(self, peer: Peer) -> None:
        self._records = peer.stub(records_pb2_grpc.RecordsServiceStub)
        self._gate = peer.stub(gate_pb2_grpc.GateServiceStub)
        self._paper = peer.stub(paper_pb2_grpc.PaperServiceStub)
        self._consents = peer.stub(consents_pb2_grpc.ConsentsServiceStub)
        self._copies = peer.stub(access_copies_pb2_grpc.AccessGateServiceStub)
        self._names = peer.stub(name_procedure_pb2_grpc.NameProcedureServiceStub)
        self._breaches = peer.stub(breach_procedure_pb2_grpc.BreachProcedureServiceStub)

    def register(self, record: str, kind: RecordKind, student: str = "", parent: str = "") -> None:
        """Make a record known: its kind and whom it is about. Repeating it changes nothing."""
        self._records.RegisterRecord(
            records_pb2.RegisterRecordRequest(
                record=record, kind=_KINDS[kind], student=student, parent=parent
            )
        )

    def open(
        self,
        record: str,
        sealed: Iterable[SealedItem],
        *,
        action: str,
        purpose: Purpose.ValueType,
        about: str,
    ) -> Keys:
        """Ask to open items of one record, for a purpose. Also asked when there is nothing."""
        answer = self._records.OpenRecord(
            records_pb2.OpenRecordRequest(
                record=record,
                action=action,
                purpose=purpose,
                items=_items(sealed),
                about=about,
            )
        )
        return _keys(answer.keys)

    def request_consent(
        self,
        disclosure: Disclosure | Contact,
        record: str,
        items: Sequence[str],
        ends_at: datetime,
    ) -> str:
        """Ask the student for consent to exactly this; gives the consent's name."""
        answer = self._consents.RequestConsent(
            consents_pb2.RequestConsentRequest(
                record=record,
                disclosure=disclosure.name,
                recipient=disclosure.recipient,
                purpose=DisclosurePurpose.Value(disclosure.purpose),
                payload_digest=disclosure.payload_digest,
                items=items,
                ends_at=_timestamp(ends_at),
            )
        )
        name: str = answer.name
        return name

    def authorise_disclosure(
        self, disclosure: Disclosure, record: str, sealed: Iterable[SealedItem], *, redacted: bool
    ) -> Keys:
        """Ask whether this may leave now; *redacted* if whoever is marked in it is blacked out."""
        answer = self._gate.AuthoriseDisclosure(
            gate_pb2.AuthoriseDisclosureRequest(
                disclosure=disclosure.name,
                record=record,
                recipient=disclosure.recipient,
                purpose=DisclosurePurpose.Value(disclosure.purpose),
                payload_digest=disclosure.payload_digest,
                items=_items(sealed),
                redacted=redacted,
            )
        )
        keys = _keys(answer.keys, answer.gate_pass)
        return attrs.evolve(keys, decision=f"decisions/{answer.ledger_index}")

    def record_recall(self, disclosure: str, record: str) -> None:
        """Have a recall decided and written down; from then on nobody collects it."""
        self._gate.RecordRecall(gate_pb2.RecordRecallRequest(disclosure=disclosure, record=record))

    def authorise_confirmation(
        self, contact: Contact, record: str, sealed: Iterable[SealedItem]
    ) -> Keys:
        """Ask whether this person may be told that the student uses the Service."""
        answer = self._gate.AuthoriseConfirmation(
            gate_pb2.AuthoriseConfirmationRequest(
                contact=contact.name,
                record=record,
                recipient=contact.recipient,
                payload_digest=contact.payload_digest,
                items=_items(sealed),
            )
        )
        return _keys(answer.keys)

    def authorise_collection(
        self,
        disclosure: str,
        record: str,
        *,
        link_valid: bool,
        payload_digest: str = "",
        sealed: Iterable[SealedItem] = (),
    ) -> Keys:
        """Ask whether a third party may see a disclosure now; a bad link is told as such."""
        answer = self._gate.AuthoriseCollection(
            gate_pb2.AuthoriseCollectionRequest(
                disclosure=disclosure,
                record=record,
                link_valid=link_valid,
                payload_digest=payload_digest,
                items=_items(sealed),
            )
        )
        return _keys(answer.keys, answer.gate_pass)

    def authorise_print(self, printed: Print, file_sha256: str, *, intact: bool) -> Keys:
        """Ask whether this may be printed; *intact* if it is what was decided about."""
        answer = self._paper.AuthorisePrint(
            paper_pb2.AuthorisePrintRequest(
                print=printed.name,
                record=record_of(printed.case_id),
                purpose=Purpose.Value(printed.purpose),
                items=printed.items,
                file_sha256=file_sha256,
                intact=intact,
            )
        )
        return _keys((), answer.gate_pass)

    def record_destruction(self, name: str, record: str) -> None:
        """Ask whether the caller may say that a print was destroyed."""
        self._paper.RecordDestruction(paper_pb2.RecordDestructionRequest(print=name, record=record))

    def authorise_access_release(
        self, copy: AccessCopy, record: str, items: Sequence[str], *, redacted: bool
    ) -> None:
        """Ask whether the student may have this copy; *redacted* as for a disclosure."""
        self._copies.AuthoriseAccessRelease(
            access_copies_pb2.AuthoriseAccessReleaseRequest(
                copy=copy.name,
                record=record,
                recipient=copy.student,
                payload_digest=copy.payload_digest,
                items=items,
                redacted=redacted,
            )
        )

    def authorise_access_collection(
        self, copy: AccessCopy, record: str, sealed: Iterable[SealedItem], *, redacted: bool
    ) -> Keys:
        """Ask whether the student who calls may have this copy now."""
        answer = self._copies.AuthoriseAccessCollection(
            access_copies_pb2.AuthoriseAccessCollectionRequest(
                copy=copy.name,
                record=record,
                payload_digest=copy.payload_digest,
                items=_items(sealed),
                redacted=redacted,
            )
        )
        return _keys(answer.keys, answer.gate_pass)

    def record_access_recall(self, copy: str, record: str) -> None:
        """Have a recall decided and written down; from then on the student collects it no more."""
        self._copies.RecordAccessRecall(
            access_copies_pb2.RecordAccessRecallRequest(copy=copy, record=record)
        )

    def record_breach_facts(self, breach: Breach, words_digest: bytes) -> Standing:
        """Tell the facts of a breach under consideration; gives how it stands."""
        answer = self._breaches.RecordBreachFacts(
            breach_procedure_pb2.RecordBreachFactsRequest(
                name=breach.name,
                record=breach.record,
                case_record=breach.case_record,
                ground=breach.ground,
                serious=breach.serious,
                imminent=breach.imminent,
                whose_safety=breach.whose_safety,
                has_outline="outline" in breach.parts,
                has_reason="reason" in breach.parts,
                has_intended_outcome="intended_outcome" in breach.parts,
                has_student_spoken_to="student_spoken_to" in breach.parts,
                student_first=_student_first(breach.student_first),
                has_nobody_reachable="nobody_reachable" in breach.parts,
                recipients=[
                    breach_procedure_pb2.BreachFactsRecipient(
                        third_party=each.third_party, kind=each.kind
                    )
                    for each in breach.recipients
                ],
                words_digest=words_digest.hex(),
            )
        )
        trusted = (
            TrustedContact(each.recipient, each.contact, each.consent, each.ends_at.ToDatetime(UTC))
            for each in answer.trusted_contacts
        )
        return Standing(tuple(answer.missing), tuple(answer.warnings), tuple(trusted))

    def authorise_breach(self, breach: str, *, despite_advice: bool, emergency: bool) -> None:
        """Ask whether confidentiality may be breached."""
        self._breaches.AuthoriseBreach(
            breach_procedure_pb2.AuthoriseBreachRequest(
                name=breach, despite_advice=despite_advice, emergency=emergency
            )
        )

    def authorise_breach_addendum(self, breach: str, addendum: str, payload_digest: str) -> None:
        """Ask whether this may be added to the record of a decided breach."""
        self._breaches.AuthoriseBreachAddendum(
            breach_procedure_pb2.AuthoriseBreachAddendumRequest(
                name=breach, addendum=addendum, payload_digest=payload_digest
            )
        )

    def authorise_breach_disclosure(
        self, breach: str, recipient: str, payload_digest: str, told_at: datetime
    ) -> None:
        """Ask whether this may be recorded as told under a decided breach."""
        self._breaches.AuthoriseBreachDisclosure(
            breach_procedure_pb2.AuthoriseBreachDisclosureRequest(
                name=breach,
                recipient=recipient,
                payload_digest=payload_digest,
                told_at=_timestamp(told_at),
            )
        )

    def authorise_incident_decision(
        self, record: str, incident: str, *, decider: str, decided: bool, outcome: str
    ) -> None:
        """Ask whether the caller may decide what is done about an accident."""
        self._records.AuthoriseIncidentDecision(
            records_pb2.AuthoriseIncidentDecisionRequest(
                record=record, incident=incident, decider=decider, decided=decided, outcome=outcome
            )
        )

    def authorise_name_request(self, name: str, line: str, digest: str) -> NameRequestMade:
        """Ask whether the student may ask for the name behind a line of their list."""
        answer = self._names.AuthoriseNameRequest(
            name_procedure_pb2.AuthoriseNameRequestRequest(
                name=name, line=line, payload_digest=digest
            )
        )
        return NameRequestMade(answer.record, answer.due_at.ToDatetime(UTC))

    def authorise_name_view(
        self, name: str, view: NameView.ValueType, about: str, payload_digest: str
    ) -> None:
        """Ask whether this may be added as what the staff member says whose name it is."""
        self._names.AuthoriseNameView(
            name_procedure_pb2.AuthoriseNameViewRequest(
                name=name, view=view, about=about, payload_digest=payload_digest
            )
        )

    def authorise_name_decision(
        self,
        name: str,
        answer: NameAnswer.ValueType,
        grounds: Sequence[NameGround.ValueType],
        not_heard: NotHeard.ValueType,
        *,
        about: str,
        payload_digest: str,
    ) -> None:
        """Ask whether it may be decided so."""
        self._names.AuthoriseNameDecision(
            name_procedure_pb2.AuthoriseNameDecisionRequest(
                name=name,
                answer=answer,
                grounds=grounds,
                not_heard=not_heard,
                about=about,
                payload_digest=payload_digest,
            )
        )

    def authorise_disposal(self, record: str, dispose_from: date) -> None:
        """Ask whether a record may be disposed of."""
        self._records.AuthoriseDisposal(
            records_pb2.AuthoriseDisposalRequest(
                record=record, dispose_from_date=dispose_from.isoformat()
            )
        )


def _items(sealed: Iterable[SealedItem]) -> list[records_pb2.SealedItem]:
    return [records_pb2.SealedItem(item=each.item, wrapped_key=each.wrapped_key) for each in sealed]


def _keys(keys: Iterable[records_pb2.DataKey], gate_pass: str = "") -> Keys:
    return Keys({each.item: each.key for each in keys}, gate_pass)


def _student_first(
    said: StudentFirst | None,
) -> breach_procedure_pb2.BreachFactsStudentFirst | None:
    if said is None:
        return None
    return breach_procedure_pb2.BreachFactsStudentFirst(
        attempted_at=_timestamp(said.attempted_at) if said.attempted_at else None,
        channel=said.channel,
        result=said.result,
        why_not=said.why_not,
    )


def _timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp

"""What staff, students and services do, in one line each."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import attrs
from google.protobuf.timestamp_pb2 import Timestamp
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import consents_pb2, gate_pb2, ledger_pb2, records_pb2, walls_pb2

from common.vault import DataKey
from services.consent.domain.names import bare
from tests.kit.house import Person
from tests.service.consent.house import House, in_days, staff, student

DIGEST = "d" * 64


@attrs.frozen
class Item:
    """A sealed item of a record; cases would keep its wrapped key beside the ciphertext."""

    name: str
    key: DataKey

    @property
    def sealed(self) -> records_pb2.SealedItem:
        """The item as it is asked about."""
        return records_pb2.SealedItem(item=self.name, wrapped_key=self.key.wrapped)


@attrs.frozen
class Case:
    """A case of a student, as cases has it."""

    sas: House
    student: Person
    record: str

    @classmethod
    def open(cls, sas: House, of: Person | None = None) -> Case:
        """Make a record with a key in Vault, and make it known to consent."""
        owner, record = of or student(), f"records/{uuid4()}"
        sas.vaults["cases-serve"].create_record_key("rk-case", bare(record))
        sas.cases.records.RegisterRecord(
            records_pb2.RegisterRecordRequest(
                record=record, kind=records_pb2.RECORD_KIND_CASE, student=owner.name
            )
        )
        return cls(sas, owner, record)

    def item(self, name: str = "") -> Item:
        """Make a data key for an item."""
        name = name or f"notes/{uuid4()}"
        vault = self.sas.vaults["cases-serve"]
        return Item(name, vault.new_data_key("rk-case", bare(self.record), name))

    def to_open(self, *items: Item, **changes: Any) -> records_pb2.OpenRecordRequest:
        """Build the request to open items."""
        asked: dict[str, Any] = {
            "record": self.record,
            "action": "case_note:read",
            "purpose": purpose_pb2.PURPOSE_ADVICE,
            "items": [each.sealed for each in items],
            "about": items[0].name if items else "",
        }
        return records_pb2.OpenRecordRequest(**asked | changes)

    def opened(self, who: Person, *items: Item, **changes: Any) -> records_pb2.OpenRecordResponse:
        """Open items as *who*."""
        request = self.to_open(*items, **changes)
        return self.sas.call(who, self.sas.cases.records.OpenRecord, request)

    def walled(self, who: Person) -> walls_pb2.Wall:
        """Let *who* step aside."""
        request = walls_pb2.DeclareWallRequest(record=self.record, request_id=str(uuid4()))
        return self.sas.call(who, self.sas.gateway.walls.DeclareWall, request)


@attrs.frozen
class Letter:
    """A letter that a student is asked to let a tutor see."""

    case: Case
    adviser: Person
    document: Item
    particulars: Item
    tutor: str = attrs.field(factory=lambda: f"thirdParties/{uuid4()}")

    @classmethod
    def write(cls, sas: House) -> Letter:
        """Attach a letter to a new case."""
        return cls.about(Case.open(sas))

    @classmethod
    def about(cls, case: Case) -> Letter:
        """Attach a letter to a case."""
        document, disclosure = f"documents/{uuid4()}", f"disclosures/{uuid4()}"
        return cls(case, staff(), case.item(document), case.item(disclosure))

    @property
    def disclosure(self) -> str:
        """The disclosure's name."""
        return self.particulars.name

    @property
    def items(self) -> list[records_pb2.SealedItem]:
        """What leaves: the document, and to whom."""
        return [self.document.sealed, self.particulars.sealed]

    def to_ask(self, **changes: Any) -> consents_pb2.RequestConsentRequest:
        """Build the request for consent."""
        ends_at = stamp(changes.pop("ends_at", in_days(30)))
        asked: dict[str, Any] = {
            "record": self.case.record,
            "disclosure": self.disclosure,
            "recipient": self.tutor,
            "purpose": purpose_pb2.DISCLOSURE_PURPOSE_WELFARE_SUPPORT,
            "payload_digest": DIGEST,
            "items": [self.document.name, self.disclosure],
            "ends_at": ends_at,
        }
        return consents_pb2.RequestConsentRequest(**asked | changes)

    def asked(self, who: Person | None = None, **changes: Any) -> consents_pb2.Consent:
        """Ask the student."""
        sas = self.case.sas
        request = self.to_ask(**changes)
        return sas.call(who or self.adviser, sas.cases.consents.RequestConsent, request)

    def previewed(self, who: Person | None = None) -> records_pb2.OpenRecordResponse:
        """Show the student, or *who*, exactly what would leave."""
        return self.case.opened(
            who or self.case.student,
            self.document,
            self.particulars,
            action="disclosure:preview",
            purpose=purpose_pb2.PURPOSE_DISCLOSURE,
            about=self.disclosure,
        )

    def given(
        self, consent: consents_pb2.Consent, who: Person | None = None, **changes: Any
    ) -> consents_pb2.GiveConsentResponse:
        """Say yes."""
        sas = self.case.sas
        said: dict[str, Any] = {
            "name": consent.name,
            "act": consents_pb2.CONSENT_ACT_TICKED_AND_SENT,
            "text_sha256": consent.text_sha256,
            "payload_digest": DIGEST,
        }
        request = consents_pb2.GiveConsentRequest(**said | changes)
        return sas.call(who or self.case.student, sas.gateway.consents.GiveConsent, request)

    def agreed(self) -> consents_pb2.Consent:
        """Ask, preview and say yes."""
        consent = self.asked()
        self.previewed()
        return self.given(consent).consent

    def confirmed(
        self, consent: consents_pb2.Consent, who: Person | None = None, **changes: Any
    ) -> consents_pb2.GiveConsentResponse:
        """Confirm what a staff member noted."""
        sas = self.case.sas
        request = consents_pb2.ConfirmConsentRequest(**_shown(consent) | changes)
        return sas.call(who or self.case.student, sas.gateway.consents.ConfirmConsent, request)

    def noted(
        self, consent: consents_pb2.Consent, who: Person | None = None, **changes: Any
    ) -> consents_pb2.Consent:
        """Note that the student said yes, on the telephone, a moment ago."""
        sas = self.case.sas
        said: dict[str, Any] = {
            "manner": consents_pb2.SPOKEN_MANNER_BY_TELEPHONE,
            "place": consents_pb2.SPOKEN_PLACE_ROOM_OF_THE_SERVICE,
            "spoken_at": stamp(in_days(-0.01)),
        }
        request = consents_pb2.RecordVerbalConsentRequest(**_shown(consent) | said | changes)
        return sas.call(who or self.adviser, sas.gateway.consents.RecordVerbalConsent, request)

    def spoken(self) -> consents_pb2.Consent:
        """Ask, look at it together, and note what the student says."""
        consent = self.asked()
        self.previewed(self.adviser)
        return self.noted(consent)

    def witnessed(
        self, consent: consents_pb2.Consent, who: Person, **changes: Any
    ) -> consents_pb2.Consent:
        """Stand up for what a colleague noted."""
        sas = self.case.sas
        request = consents_pb2.WitnessConsentRequest(**_shown(consent) | changes)
        return sas.call(who, sas.gateway.consents.WitnessConsent, request)

    def withdrawal_noted(
        self, consent: consents_pb2.Consent, who: Person | None = None
    ) -> consents_pb2.Consent:
        """Note that the student takes it back."""
        sas = self.case.sas
        request = consents_pb2.RecordWithdrawalRequest(name=consent.name)
        return sas.call(who or self.adviser, sas.gateway.consents.RecordWithdrawal, request)

    def withdrawn(
        self, consent: consents_pb2.Consent, who: Person | None = None
    ) -> consents_pb2.Consent:
        """Take it back."""
        sas = self.case.sas
        request = consents_pb2.WithdrawConsentRequest(name=consent.name)
        return sas.call(who or self.case.student, sas.gateway.consents.WithdrawConsent, request)

    def to_send(self, **changes: Any) -> gate_pb2.AuthoriseDisclosureRequest:
        """Build the request to send."""
        asked: dict[str, Any] = {
            "disclosure": self.disclosure,
            "record": self.case.record,
            "recipient": self.tutor,
            "purpose": purpose_pb2.DISCLOSURE_PURPOSE_WELFARE_SUPPORT,
            "payload_digest": DIGEST,
            "items": self.items,
            "redacted": True,
        }
        return gate_pb2.AuthoriseDisclosureRequest(**asked | changes)

    def sent(
        self, who: Person | None = None, **changes: Any
    ) -> gate_pb2.AuthoriseDisclosureResponse:
        """Send it."""
        sas = self.case.sas
        request = self.to_send(**changes)
        return sas.call(who or self.adviser, sas.cases.gate.AuthoriseDisclosure, request)

    def delivery(self) -> Item:
        """Make the key of what was sent the last time; of nothing, if nothing was."""
        query = (
            "select entry_id from entries where disclosure = %s and action = 'disclosure:send'"
            " and effect = 'allow' order by idx desc limit 1"
        )
        sent = self.case.sas.sql(query, self.disclosure)
        return self.case.item(f"deliveries/{sent[0][0] if sent else uuid4()}")

    def to_collect(self, **changes: Any) -> gate_pb2.AuthoriseCollectionRequest:
        """Build the request to collect."""
        asked: dict[str, Any] = {
            "disclosure": self.disclosure,
            "record": self.case.record,
            "link_valid": True,
            "payload_digest": DIGEST,
        }
        if "items" not in changes:
            asked["items"] = [self.delivery().sealed]
        return gate_pb2.AuthoriseCollectionRequest(**asked | changes)

    def collected(self, **changes: Any) -> gate_pb2.AuthoriseCollectionResponse:
        """Collect it, as the tutor."""
        sas = self.case.sas
        return sas.call(None, sas.cases.gate.AuthoriseCollection, self.to_collect(**changes))


def _shown(consent: consents_pb2.Consent) -> dict[str, Any]:
    """Give what somebody was shown, who agrees."""
    return {
        "name": consent.name,
        "text_sha256": consent.text_sha256,
        "payload_digest": consent.payload_digest,
    }


def accesses(sas: House, who: Person) -> list[ledger_pb2.RecordAccess]:
    """Give who has seen a student's records."""
    request = ledger_pb2.ListAccessesRequest(page_size=200)
    return list(sas.call(who, sas.gateway.ledger.ListAccesses, request).accesses)


def stamp(at: datetime) -> Timestamp:
    """Give a time for a proto."""
    made = Timestamp()
    made.FromDatetime(at)
    return made

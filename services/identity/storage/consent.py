"""
Consent, which decides who may open what, writes it down, and only then gives the data key.

Every call here passes the caller's token on, so that consent knows who asked.
"""

from __future__ import annotations

import attrs
from sas.common.v1.purpose_pb2 import Purpose
from sas.consent.v1 import (
    name_procedure_pb2,
    name_procedure_pb2_grpc,
    records_pb2,
    records_pb2_grpc,
)

from services.identity.domain.records import Item, RecordKind, Sealed

KINDS = {
    RecordKind.REGISTRATION_FORM: records_pb2.RECORD_KIND_REGISTRATION_FORM,
    RecordKind.THIRD_PARTY: records_pb2.RECORD_KIND_THIRD_PARTY,
}


@attrs.frozen
class Opening:
    """What is to be opened, and why."""

    action: str
    purpose: Purpose.ValueType
    about: str


@attrs.frozen
class Consent:
    """Consent, as identity asks it."""

    stub: records_pb2_grpc.RecordsServiceStub
    names: name_procedure_pb2_grpc.NameProcedureServiceStub

    def released_name(self, name_request: str) -> str:
        """
        Ask whether the student may be told a name now, and whose it is.

        Raises:
            ServiceError: consent refused, or can't be reached.
        """
        answer = self.names.AuthoriseNameRelease(
            name_procedure_pb2.AuthoriseNameReleaseRequest(name=name_request)
        )
        named: str = answer.staff_member
        return named

    def register(self, item: Item, student: str = "") -> None:
        """
        Make the item's record known to consent. Repeating it changes nothing.

        Raises:
            TryAgain: consent can't be reached.
        """
        self.stub.RegisterRecord(
            records_pb2.RegisterRecordRequest(
                record=item.record, kind=KINDS[item.kind], student=student
            )
        )

    def key_to(self, item: Item, sealed: Sealed | None, opening: Opening) -> bytes | None:
        """
        Ask for the data key of an item.

        Also asked when there is nothing to open, so that it is decided and written down all the
        same, and absence can't be told from refusal; then a permission brings None.

        Raises:
            ServiceError: consent refused, or can't be reached.
        """
        items = []
        if sealed is not None:
            items = [records_pb2.SealedItem(item=item.name, wrapped_key=sealed.wrapped_key)]
        answer = self.stub.OpenRecord(
            records_pb2.OpenRecordRequest(
                record=item.record,
                action=opening.action,
                purpose=opening.purpose,
                items=items,
                about=opening.about,
            )
        )
        if sealed is None:
            return None
        return next(key.key for key in answer.keys if key.item == item.name)

"""Consents, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import consents_pb2, consents_pb2_grpc

from common.pages import encode_token, page_size
from common.passkeys import signature_in
from services.consent.actions import answers, consents, exporting, verbal
from services.consent.actions.parts import Parts
from services.consent.actions.receipts import Proven
from services.consent.api.translate import (
    caller,
    code,
    consent_proto,
    disclosure_purpose_code,
    moment,
    place,
)
from services.consent.domain.consent import Consent
from services.consent.domain.exports import dpv_27560


class ConsentsServicer(consents_pb2_grpc.ConsentsServiceServicer):
    """A student's prior, explicit and informed yes to one thing."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def RequestConsent(
        self, request: consents_pb2.RequestConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        asked = consents.Request(
            record=request.record,
            disclosure=request.disclosure,
            recipient=request.recipient,
            purpose=disclosure_purpose_code(request.purpose),
            payload_digest=request.payload_digest,
            items=list(request.items),
            ends_at=moment(request.ends_at, "ends_at"),
        )
        return self._proto(consents.request_consent(self._parts, caller(), asked))

    def GetConsent(
        self, request: consents_pb2.GetConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        return self._proto(consents.get_consent(self._parts, caller(), request.name))

    def ListConsents(
        self, request: consents_pb2.ListConsentsRequest, context: grpc.ServicerContext
    ) -> consents_pb2.ListConsentsResponse:
        size = page_size(request.page_size)
        found = consents.list_consents(
            self._parts,
            caller(),
            request.student,
            before=place(request.page_token),
            count=size + 1,
        )
        page = found[:size]
        more = str(page[-1].asked.ledger_index) if len(found) > size else ""
        return consents_pb2.ListConsentsResponse(
            consents=map(self._proto, page), next_page_token=encode_token(more)
        )

    def GiveConsent(
        self, request: consents_pb2.GiveConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.GiveConsentResponse:
        act = code(consents_pb2.ConsentAct, request.act)
        return self._with_receipt(
            *answers.give_consent(
                self._parts, caller(), _shown(request), act, signature_in(request)
            )
        )

    def ConfirmConsent(
        self, request: consents_pb2.ConfirmConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.GiveConsentResponse:
        return self._with_receipt(
            *answers.confirm_consent(self._parts, caller(), _shown(request), signature_in(request))
        )

    def RefuseConsent(
        self, request: consents_pb2.RefuseConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        return self._proto(answers.refuse_consent(self._parts, caller(), request.name))

    def WithdrawConsent(
        self, request: consents_pb2.WithdrawConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        return self._proto(answers.withdraw_consent(self._parts, caller(), request.name))

    def RecordVerbalConsent(
        self, request: consents_pb2.RecordVerbalConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        saying = verbal.Saying(
            manner=code(consents_pb2.SpokenManner, request.manner),
            place=code(consents_pb2.SpokenPlace, request.place),
            at=moment(request.spoken_at, "spoken_at"),
        )
        return self._proto(
            verbal.record_verbal_consent(self._parts, caller(), _shown(request), saying)
        )

    def WitnessConsent(
        self, request: consents_pb2.WitnessConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        return self._proto(verbal.witness_consent(self._parts, caller(), _shown(request)))

    def RecordWithdrawal(
        self, request: consents_pb2.RecordWithdrawalRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        return self._proto(verbal.record_withdrawal(self._parts, caller(), request.name))

    def ExportConsentRecord(
        self, request: consents_pb2.ExportConsentRecordRequest, context: grpc.ServicerContext
    ) -> consents_pb2.ExportConsentRecordResponse:
        form = exporting.Form(code(consents_pb2.ExportForm, request.form))
        exported = exporting.export_consent(self._parts, caller(), request.name, form)
        return consents_pb2.ExportConsentRecordResponse(
            content=exported.content.decode(),
            media_type=exported.media_type,
            file_sha256=exported.sha256,
            ledger_index=exported.ledger_index,
        )

    def _proto(self, consent: Consent) -> consents_pb2.Consent:
        return consent_proto(consent, self._parts.clock())

    def _with_receipt(self, consent: Consent, proven: Proven) -> consents_pb2.GiveConsentResponse:
        return consents_pb2.GiveConsentResponse(
            consent=self._proto(consent),
            receipt=proven.receipt,
            entry=proven.entry.decode(),
            record=dpv_27560.record(consent, self._parts.controller).decode(),
        )


def _shown(
    request: consents_pb2.GiveConsentRequest
    | consents_pb2.ConfirmConsentRequest
    | consents_pb2.RecordVerbalConsentRequest
    | consents_pb2.WitnessConsentRequest,
) -> answers.Shown:
    return answers.Shown(
        consent=request.name,
        text_sha256=request.text_sha256,
        payload_digest=request.payload_digest,
    )

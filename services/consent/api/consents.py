"""Consents, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import consents_pb2, consents_pb2_grpc

from common.pages import encode_token, page_size
from services.consent.actions import consents
from services.consent.actions.parts import Parts
from services.consent.api.translate import (
    caller,
    consent_proto,
    disclosure_purpose_code,
    moment,
    place,
)
from services.consent.domain.consent import Consent


class ConsentsServicer(consents_pb2_grpc.ConsentsServiceServicer):
    """A student's prior, explicit and informed yes to one disclosure."""

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
        act = consents_pb2.ConsentAct.Name(request.act).removeprefix("CONSENT_ACT_").lower()
        consent, proven = consents.give_consent(
            self._parts,
            caller(),
            consents.Yes(
                consent=request.name,
                act=act,
                text_sha256=request.text_sha256,
                payload_digest=request.payload_digest,
            ),
        )
        return consents_pb2.GiveConsentResponse(
            consent=self._proto(consent), receipt=proven.receipt, entry=proven.entry.decode()
        )

    def RefuseConsent(
        self, request: consents_pb2.RefuseConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        return self._proto(consents.refuse_consent(self._parts, caller(), request.name))

    def WithdrawConsent(
        self, request: consents_pb2.WithdrawConsentRequest, context: grpc.ServicerContext
    ) -> consents_pb2.Consent:
        return self._proto(consents.withdraw_consent(self._parts, caller(), request.name))

    def _proto(self, consent: Consent) -> consents_pb2.Consent:
        return consent_proto(consent, self._parts.clock())

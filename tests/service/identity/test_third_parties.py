"""Third parties, and the one thing that is public: the notice."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sas.common.v1 import purpose_pb2
from sas.identity.v1 import (
    notices_pb2,
    notices_pb2_grpc,
    third_parties_pb2,
)

from common.caller import Caller, calling
from common.errors import NotAvailable
from tests.service.identity.house import House


def open_details(house: House, caller: Caller, name: str) -> third_parties_pb2.ThirdParty:
    with calling(caller):
        found: third_parties_pb2.ThirdParty = house.third_parties.GetThirdParty(
            third_parties_pb2.GetThirdPartyRequest(
                name=name, purpose=purpose_pb2.PURPOSE_DISCLOSURE
            )
        )
    return found


def test_a_third_party_is_sealed_and_opened_by_consent(
    house: House, adviser: Caller, student: Caller
) -> None:
    """R3, R5: that the Service knows a tutor is itself confidential."""
    request = third_parties_pb2.CreateThirdPartyRequest(
        kind=third_parties_pb2.RECIPIENT_KIND_COLLEGE,
        display_name="Dr Canary Tutor",
        organisation="Canary Hall",
        address="canary@example.org",
        request_id=str(uuid4()),
    )
    with calling(adviser):
        made = house.third_parties.CreateThirdParty(request)
        assert house.third_parties.CreateThirdParty(request).name == made.name

    found = open_details(house, adviser, made.name)

    assert found.display_name == "Dr Canary Tutor"
    assert found.kind == third_parties_pb2.RECIPIENT_KIND_COLLEGE
    assert "anary" not in house.everything("third_parties")
    with pytest.raises(NotAvailable):
        open_details(house, student, made.name)
    with pytest.raises(NotAvailable):
        open_details(house, adviser, f"thirdParties/{uuid4()}")


def test_the_notice_is_for_everybody(house: House) -> None:
    """R2: before the first input, and without a session."""
    notices = house.at(notices_pb2_grpc.NoticesServiceStub)

    notice = notices.GetNotice(notices_pb2.GetNoticeRequest(name="notices/confidentiality"))

    assert "don't even confirm" in notice.text
    assert len(notice.text_sha256) == 64
    with pytest.raises(NotAvailable):
        notices.GetNotice(notices_pb2.GetNoticeRequest(name="notices/cookies"))

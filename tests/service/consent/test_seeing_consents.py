"""Who sees a student's consents, and in which pages."""

from __future__ import annotations

import pytest
from sas.consent.v1 import consents_pb2

from common.errors import (
    NotAvailable,
    SecondFactorNeeded,
)
from tests.service.consent.deeds import Letter
from tests.service.consent.house import House, staff, student


def test_staff_see_a_students_consents_and_others_do_not(sas: House, letter: Letter) -> None:
    consent = letter.asked()
    zoe = letter.case.student
    ask = consents_pb2.ListConsentsRequest
    for who, request in (
        (zoe, ask()),
        (zoe, ask(student=zoe.name)),
        (staff(), ask(student=zoe.name)),
    ):
        found = sas.call(who, sas.gateway.consents.ListConsents, request).consents
        assert [each.name for each in found] == [consent.name]
    for who in (student(), staff("trustee"), staff("operator")):
        with pytest.raises(NotAvailable):
            sas.call(who, sas.gateway.consents.ListConsents, ask(student=zoe.name))
        with pytest.raises(NotAvailable):
            sas.call(
                who,
                sas.gateway.consents.GetConsent,
                consents_pb2.GetConsentRequest(name=consent.name),
            )
    alone = staff(second_factor=False)
    with pytest.raises(SecondFactorNeeded):
        sas.call(alone, sas.gateway.consents.ListConsents, ask(student=zoe.name))
    with pytest.raises(SecondFactorNeeded):
        sas.call(
            alone,
            sas.gateway.consents.GetConsent,
            consents_pb2.GetConsentRequest(name=consent.name),
        )


def test_a_walled_colleague_sees_no_consent(sas: House, letter: Letter) -> None:
    consent, who = letter.asked(), staff()
    letter.case.walled(who)
    ask = consents_pb2.ListConsentsRequest(student=letter.case.student.name)
    assert not sas.call(who, sas.gateway.consents.ListConsents, ask).consents
    with pytest.raises(NotAvailable):
        sas.call(
            who,
            sas.gateway.consents.GetConsent,
            consents_pb2.GetConsentRequest(name=consent.name),
        )
    with pytest.raises(NotAvailable):
        letter.withdrawn(consent, who)


def test_consents_are_listed_in_pages(sas: House) -> None:
    first = Letter.write(sas)
    zoe = first.case.student
    names = [first.asked().name]
    for _ in range(4):
        more = Letter.write(sas)
        sas.sql("update records set student = %s where record = %s", zoe.name, more.case.record)
        names.append(more.asked().name)
    found, token = [], ""
    while True:
        request = consents_pb2.ListConsentsRequest(page_size=2, page_token=token)
        page = sas.call(zoe, sas.gateway.consents.ListConsents, request)
        found += [each.name for each in page.consents]
        token = page.next_page_token
        if not token:
            break
    assert found == names[::-1]

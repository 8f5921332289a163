"""What a line of the ledger binds, beyond who, when and whether: so that it proves what left."""

from __future__ import annotations

import hashlib
import json

import attrs
import pytest

from common.errors import InvalidFields
from services.consent.domain.ledger.entry import parse, salted
from tests.service.consent.breaching import EVERYTHING, Breach
from tests.service.consent.deeds import DIGEST, Letter
from tests.service.consent.house import House, in_days, staff
from tests.service.consent.naming import Asked


def test_the_line_of_a_sending_says_to_whom_and_what_for_and_binds_the_bytes(
    sas: House, letter: Letter
) -> None:
    """R3: everyone concerned can prove what left; only digests of it stand there."""
    letter.agreed()
    letter.sent()
    letter.collected()
    sent = sas.last_entry(action="disclosure:send", disclosure=letter.disclosure)
    assert sent["details"] == {"recipient": letter.tutor, "for": "welfare_support"}
    collected = sas.last_entry(action="disclosure:collect", disclosure=letter.disclosure)
    for line in (sent, collected):
        assert line["payload"] == salted(line["nonce"], DIGEST)
    assert sent["items"] == [letter.document.name, letter.disclosure]
    assert collected["items"] == [f"deliveries/{sent['entry']}"]


def test_every_line_about_a_consent_binds_what_was_asked_and_when_it_was_given(
    sas: House, letter: Letter
) -> None:
    """R6, R8: nobody can put another text, day or recipient under a yes later on."""
    consent = letter.agreed()
    letter.sent()
    (row,) = sas.sql("select row_to_json(consents) from consents where consent = %s", consent.name)
    asked = dict(row[0])
    del asked["asked_by"], asked["ledger_index"]
    (given_at, act) = sas.sql(
        "select at, act from consent_events where consent = %s", consent.name
    )[0]
    times = sas.sql("select asked_at, ends_at from consents where consent = %s", consent.name)[0]
    asked |= {
        "act": act,
        "asked_at": times[0].isoformat(),
        "ends_at": times[1].isoformat(),
        "given_at": given_at.isoformat(),
    }
    spelt = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    line = sas.last_entry(action="disclosure:send", disclosure=letter.disclosure)
    assert line["consent"] == consent.name
    assert line["consent_sha256"] == hashlib.sha256(spelt.encode()).hexdigest()


def test_the_line_of_a_yes_says_by_which_act_it_was_given(sas: House, letter: Letter) -> None:
    """R7: explicit; silence, or a box ticked beforehand, is no act."""
    consent = letter.asked()
    letter.previewed()
    details = parse(letter.given(consent).entry.encode())["details"]
    assert details["act"] == "ticked_and_sent"


def test_the_lines_of_a_breach_bind_its_words_and_say_who_was_told(
    sas: House, breach: Breach
) -> None:
    """R38: what was recorded and told, to whom, can't be another thing later on."""
    breach.told(**EVERYTHING)
    breach.advised_and_decided()
    told_at = in_days(0)
    breach.disclosed(told_at=told_at)
    breach.added()
    digests = {"breach:decide": "a" * 64, "breach:disclose": "b" * 64, "breach:add": "c" * 64}
    for action, digest in digests.items():
        line = sas.last_entry(action=action, breach=breach.name)
        assert line["payload"] == salted(line["nonce"], digest)
    told = sas.last_entry(action="breach:disclose", breach=breach.name)["details"]
    assert told == {"recipient": breach.doctor, "told_at": f"{told_at:%Y-%m-%dT%H:%M:%SZ}"}


def test_the_lines_about_a_name_bind_what_was_written(sas: House) -> None:
    """R24: what was asked, said and decided, in words that are sealed elsewhere."""
    asked = Asked.made_about(sas)
    asked.said()
    asked.decided(staff("manager"))
    asked.told()
    digests = {"make": "a" * 64, "give_view": "b" * 64, "decide": "c" * 64}
    for action, digest in digests.items():
        line = sas.last_entry(action=f"name_request:{action}", student=asked.case.student.name)
        assert line["payload"] == salted(line["nonce"], digest)
    told = sas.last_entry(action="staff_name:release", student=asked.case.student.name)
    assert told["purpose"] == "own_record"


@pytest.mark.parametrize("words", ["documents/about jane", "jane", "documents/jane"])
def test_words_do_not_enter_the_ledger_at_the_gate(letter: Letter, words: str) -> None:
    letter.agreed()
    named = attrs.evolve(letter.document, name=words)
    for letting_go in (letter.sent, letter.collected):
        with pytest.raises(InvalidFields):
            letting_go(items=[named.sealed])

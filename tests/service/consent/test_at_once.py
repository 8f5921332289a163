"""
Two things at the same moment: what is decided second knows of what was decided first.

The tests hold the frontier's row, so that the first has decided and can't be done yet when the
second comes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import attrs
import pytest

from common.errors import NotAvailable, RefusedByPolicy, WrongState
from tests.service.consent.breaching import EVERYTHING, UNDER_38B, Breach
from tests.service.consent.deeds import Letter
from tests.service.consent.house import House, staff
from tests.service.consent.naming import Asked, newest_line
from tests.service.consent.writing import frontier_held, wait_for_waiting


def at_once(sas: House, *deeds: Callable[[], Any]) -> list[Future[Any]]:
    """Begin one after the other, none of which is done before all have begun."""
    with ThreadPoolExecutor(len(deeds)) as people, frontier_held(sas):
        done = []
        for number, deed in enumerate(deeds, 1):
            done.append(people.submit(deed))
            wait_for_waiting(sas, number)
    return done


def test_of_two_requests_for_one_thing_the_later_takes_the_place_of_the_earlier(
    sas: House, letter: Letter
) -> None:
    """R8: a student has one consent at a time to one letter for one tutor, whoever asks."""
    again = attrs.evolve(letter, particulars=letter.case.item(f"disclosures/{uuid4()}"))
    older, newer = (each.result() for each in at_once(sas, letter.asked, again.asked))
    entry = sas.last_entry(action="consent:request", disclosure=again.disclosure)
    assert entry["details"]["replaces_1"] == older.name
    assert entry["consent"] == newer.name


def test_what_was_taken_back_meanwhile_is_not_replaced(sas: House, letter: Letter) -> None:
    older = letter.agreed()
    at_once(sas, lambda: letter.withdrawn(older), lambda: letter.asked(payload_digest="0" * 64))
    lines = "select state from consent_events where consent = %s order by position"
    assert sas.sql(lines, older.name) == [("given",), ("withdrawn",)]
    entry = sas.last_entry(action="consent:request", disclosure=letter.disclosure)
    assert "replaces_1" not in entry["details"]


def test_no_fact_of_a_breach_changes_while_it_is_decided(sas: House, breach: Breach) -> None:
    """R38: immutable, from the decision on."""
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.advised(bob)
    changed = EVERYTHING | {"whose_safety": "others"}
    decided, told = at_once(sas, breach.decided, lambda: breach.told(**changed))
    assert decided.result()
    with pytest.raises(WrongState):
        told.result()


def test_no_advice_comes_into_a_decision_that_is_made(sas: House, breach: Breach) -> None:
    """R36: advice is asked for before the decision; afterwards it would only look as if."""
    bob, carol = staff(), staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.asks(carol)
    breach.advised(bob)
    decided, advised = at_once(sas, breach.decided, lambda: breach.advised(carol))
    assert decided.result()
    with pytest.raises(RefusedByPolicy) as refused:
        advised.result()
    assert refused.value.reasons == ("breach_already_decided",)


def test_what_the_student_is_about_to_see_is_not_hidden_again(sas: House, breach: Breach) -> None:
    """R35: an embargo that is being lifted is lifted; another ground takes a record of its own."""
    breach.under_38b()
    breach.told(**EVERYTHING)
    kept = EVERYTHING | UNDER_38B | {"student_first": EVERYTHING["student_first"]}
    lifted, told = at_once(sas, breach.lifted, lambda: breach.told(kind="police", **kept))
    assert lifted.result().HasField("lifted_at")
    with pytest.raises(WrongState):
        told.result()


def test_a_name_is_asked_for_once_however_often_at_once(sas: House) -> None:
    asked = Asked.about(sas)
    again = Asked(sas, asked.case, asked.ada, asked.line)
    first, second = at_once(sas, asked.made, again.made)
    assert first.result()
    with pytest.raises(RefusedByPolicy) as refused:
        second.result()
    assert refused.value.reasons == ("name_already_asked",)


def test_no_name_is_asked_for_behind_a_line_that_is_just_being_hidden(
    sas: House, breach: Breach
) -> None:
    """R35: no embargo comes between the look at the line and the answer."""
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.advised(bob)
    asked = Asked(sas, breach.case, bob, newest_line(sas, breach.case.student))
    kept = EVERYTHING | UNDER_38B | {"student_first": EVERYTHING["student_first"]}
    told, made = at_once(sas, lambda: breach.told(kind="police", **kept), asked.made)
    assert told.result() is not None
    with pytest.raises(NotAvailable):
        made.result()

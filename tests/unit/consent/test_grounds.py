"""Grounds for breaching confidentiality hold from one day to another (R34)."""

from __future__ import annotations

from datetime import date

from services.consent.domain.grounds import GROUNDS, ground


def test_a_law_holds_from_the_day_on_which_it_came_into_force() -> None:
    poca = ground("grounds/poca-2002")
    assert poca is not None
    assert not poca.in_force(date(2003, 2, 23))
    assert poca.in_force(date(2003, 2, 24))


def test_what_was_replaced_holds_until_the_day_of_what_replaced_it() -> None:
    """The policy still names the Drug Trafficking Act 1994; its words lead to the law of today."""
    replaced = [each for each in GROUNDS if each.superseded_by]
    assert [each.name for each in replaced] == ["grounds/drug-trafficking-act-1994"]
    for each in replaced:
        successor = ground(each.superseded_by)
        assert successor is not None
        assert each.valid_until == successor.valid_from
        assert not each.in_force(successor.valid_from)

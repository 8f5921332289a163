"""The small rules of identity, each with the sentence it keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from services.identity.config import Settings
from services.identity.domain.academic_year import academic_year
from services.identity.domain.callbacks import is_allowed
from services.identity.domain.providers import PRESETS
from services.identity.domain.sessions import STAFF, STUDENT, Session
from services.identity.domain.staff_members import why_not_personal
from services.identity.domain.students import RegistrationForm
from services.identity.domain.third_parties import ThirdParty

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIFETIMES = Settings().lifetimes


def session(**changes: object) -> Session:
    given: dict[str, object] = {
        "id": "8f8f34b1-6f59-4f4d-8a43-0c7f6c4f9d11",
        "person": "staffMembers/8f8f34b1-6f59-4f4d-8a43-0c7f6c4f9d12",
        "kind": STAFF,
        "roles": frozenset({"adviser"}),
        "second_factor": True,
        "expires_at": NOW + timedelta(hours=8),
        "last_used_at": NOW,
    }
    return Session(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        ("2026-09-30T12:00:00+00:00", 2025),
        ("2026-10-01T00:00:00+01:00", 2026),
        # Half past midnight in Cambridge, still the evening before in UTC.
        ("2026-09-30T23:30:00+00:00", 2026),
        ("2026-09-30T22:59:00+00:00", 2025),
        ("2027-01-01T00:00:00+00:00", 2026),
    ],
)
def test_the_academic_year_begins_in_october_by_cambridges_clock(moment: str, year: int) -> None:
    assert academic_year(datetime.fromisoformat(moment)) == year


def test_a_session_ends_when_it_is_not_in_use() -> None:
    """R19: staff members log off when not in use; students have somewhat longer."""
    later = NOW + timedelta(minutes=10)

    assert session().holds(later - timedelta(seconds=1), LIFETIMES)
    assert not session().holds(later, LIFETIMES)
    assert session(kind=STUDENT).holds(later, LIFETIMES)
    assert not session(kind=STUDENT).holds(NOW + timedelta(minutes=20), LIFETIMES)


def test_a_session_in_constant_use_ends_all_the_same() -> None:
    end = NOW + timedelta(hours=8)

    assert not session(last_used_at=end).holds(end, LIFETIMES)


def test_a_session_that_was_ended_holds_no_more() -> None:
    assert not session(ended_at=NOW).holds(NOW, LIFETIMES)


def test_the_idle_clock_is_written_now_and_then_only() -> None:
    assert not session().wants_touch(NOW + timedelta(seconds=29))
    assert session().wants_touch(NOW + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("display_name", "subject", "wrong"),
    [
        ("Ada Whitfield", "c7f2b0", set()),
        ("Post, Emily", "c7f2b0", set()),
        ("Mary of the Welfare Team", "c7f2b0", set()),
        ("Advice Team", "c7f2b0", {"display_name"}),
        ("SU Welfare Officer", "c7f2b0", {"display_name"}),
        ("advice@cambridgesu.co.uk", "c7f2b0", {"display_name"}),
        ("Ada Whitfield", "advice@cambridgesu.co.uk", {"subject"}),
        ("Ada Whitfield", "advice-team", {"subject"}),
        ("Reception 2", "admin", {"display_name", "subject"}),
    ],
)
def test_shared_accounts_are_refused(display_name: str, subject: str, wrong: set[str]) -> None:
    """R20: "the login details will not be shared with anyone"."""
    assert set(why_not_personal(display_name, subject)) == wrong


def test_a_sign_in_comes_back_only_to_where_it_is_allowed_to() -> None:
    configured = ("https://advice.example/callback", "http://127.0.0.1/callback")

    assert is_allowed("https://advice.example/callback", configured)
    assert is_allowed("http://127.0.0.1:49152/callback", configured)
    for other in (
        "https://advice.example/callback2",
        "https://advice.example:444/callback",
        "https://advice.example.evil.example/callback",
        "http://advice.example/callback",
        "http://127.0.0.1:49152/elsewhere",
        "http://127.0.0.1:49152/callback?x=1",
        "http://127.0.0.1.evil.example/callback",
        "http://somebody@127.0.0.1/callback",
        "https://127.0.0.1:49152/callback",
        "http://127.0.0.1:99999/callback",
        "http://[::1/callback",
        "",
    ):
        assert not is_allowed(other, configured), other


def test_each_provider_says_in_its_own_way_that_there_was_a_second_factor() -> None:
    known = {"iss": "https://idp.example", "sub": "1"}

    def person(preset: str, **claims: object) -> bool | None:
        found = PRESETS[preset].person(known | claims)
        return found.second_factor if found else None

    assert person("embedded", second_factor="true") is True
    assert person("embedded", second_factor="false") is False
    assert person("embedded") is False
    assert person("entra", amr=["pwd", "mfa"]) is True
    assert person("entra", amr=["pwd"]) is False
    assert person("entra", amr="mfa") is False
    assert person("entra", second_factor="true") is False
    assert person("raven", hd="cam.ac.uk", second_factor="true") is False
    assert person("raven", hd="evil.example") is None
    assert person("raven") is None


def test_no_preset_takes_an_unsigned_token_or_a_shared_secret() -> None:
    for preset in PRESETS.values():
        assert not {"none", "HS256", "HS384", "HS512"} & set(preset.algorithms)


def test_an_empty_registration_form_is_a_registration_form() -> None:
    """R1: nobody is refused for a missing field."""
    assert RegistrationForm().empty
    assert not RegistrationForm(contact="text me").empty


def test_a_form_comes_back_as_it_was_typed() -> None:
    form = RegistrationForm(full_name="Zoe\u0308 O'Hara 🌻", college="clare-hall")

    assert RegistrationForm.from_bytes(form.to_bytes()) == form


def test_only_codes_of_a_form_are_counted() -> None:
    """R30: no free text and no name leaves for reports."""
    form = RegistrationForm(
        full_name="Zoë Ångström", crsid="za23", college="newnham", faculty="Prof. X's lab"
    )

    assert json.loads(form.facts()) == {
        "college": "newnham",
        "faculty": "other",
        "level": "not-stated",
    }


def test_no_value_prints_what_somebody_told_about_themselves() -> None:
    """R5: nothing leaves through a log by accident."""
    form = RegistrationForm(**dict.fromkeys(attrs.fields_dict(RegistrationForm), "canary"))
    tutor = ThirdParty("canary", "canary", "canary@example.org")

    assert "canary" not in repr(form) + repr(tutor)

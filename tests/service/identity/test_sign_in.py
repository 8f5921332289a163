"""Signing in against the real identity provider of the local stack."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs, urlsplit

import pytest
from sas.identity.v1 import sessions_pb2

from common.caller import Caller, calling
from common.errors import InvalidFields, SignInFailed
from deploy.vault import idp
from tests.service.identity.house import House, refusal


def test_a_staff_member_signs_in_with_a_second_factor(house: House, manager: Caller) -> None:
    """R20: personal accounts with a second factor."""
    assert manager.kind == "staff"
    assert manager.second_factor
    assert manager.roles == {"manager"}
    assert "staff_member:create" in manager.permissions
    with calling(manager):
        session = house.sessions.GetSession(sessions_pb2.GetSessionRequest())
    assert session.person == manager.person
    assert session.kind == sessions_pb2.PERSON_KIND_STAFF


def test_somebody_new_is_a_student_of_whom_nothing_is_known(house: House, student: Caller) -> None:
    """R9: to come in, nobody has to say who they are, and no account name is stored."""
    stored = house.everything("student_accounts", "students", "sessions")

    assert student.kind == "student"
    own = {"registration_form:complete", "access_request:make", "access_request:read"}
    assert student.permissions == own
    assert not student.second_factor
    assert idp.known_accounts(house.state)["student-one"]["subject"] not in stored
    assert "student-one" not in stored


def test_the_same_account_is_the_same_student(house: House, student: Caller) -> None:
    assert house.caller(house.sign_in("student-one")).person == student.person
    assert house.caller(house.sign_in("student-two")).person != student.person


def test_a_sign_in_can_be_ended_once(house: House) -> None:
    code, state = house.authorise("student-two", house.begin().authorization_url)
    house.complete(state, code)

    with pytest.raises(SignInFailed):
        house.complete(state, code)


def test_a_wrong_state_a_wrong_code_and_a_late_one_look_alike(house: House) -> None:
    with pytest.raises(SignInFailed) as wrong_state:
        house.complete(secrets.token_urlsafe(32), "anything")
    with pytest.raises(SignInFailed) as wrong_code:
        house.complete(house.begin().state, secrets.token_urlsafe(32))
    code, state = house.authorise("student-two", house.begin().authorization_url)
    with house.clock.later(minutes=11), pytest.raises(SignInFailed) as late:
        house.complete(state, code)

    assert refusal(wrong_state) == refusal(wrong_code) == refusal(late)


def test_a_wrong_code_uses_the_beginning_up(house: House) -> None:
    code, state = house.authorise("student-two", house.begin().authorization_url)
    with pytest.raises(SignInFailed):
        house.complete(state, "a-guess")

    with pytest.raises(SignInFailed):
        house.complete(state, code)


def test_a_code_of_another_sign_in_is_no_good(house: House) -> None:
    """PKCE: what one browser began, another can't end."""
    mine, others = house.begin(), house.begin()
    code, _ = house.authorise("student-two", others.authorization_url)

    with pytest.raises(SignInFailed):
        house.complete(mine.state, code)


def test_a_token_for_another_nonce_is_not_believed(house: House) -> None:
    url = house.begin().authorization_url
    ours = parse_qs(urlsplit(url).query)["nonce"][0]
    code, state = house.authorise("student-two", url.replace(ours, "another-nonce"))

    with pytest.raises(SignInFailed):
        house.complete(state, code)


def test_a_sign_in_comes_back_to_no_other_place(house: House) -> None:
    with pytest.raises(InvalidFields) as refused:
        house.sessions.StartSignIn(
            sessions_pb2.StartSignInRequest(redirect_uri="https://evil.example/callback")
        )

    assert set(refused.value.violations) == {"redirect_uri"}


def test_a_beginning_is_kept_without_its_state(house: House) -> None:
    assert house.begin().state not in house.everything("sign_ins")

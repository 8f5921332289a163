"""Sessions, and the gateway's question about them."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta

import attrs
import psycopg
import pytest
from sas.identity.v1 import sessions_pb2

from common import config
from common.caller import calling
from common.config import DatabaseSettings
from common.db import Database
from common.errors import SignInNeeded
from common.vault import Vault
from deploy import command
from services.identity.actions.caller_tokens import CallerTokens as Mint
from services.identity.actions.housekeeping import forget
from services.identity.api.authorization import AuthorizationServicer
from services.identity.config import Settings
from services.identity.storage.work import Work
from tests.service.identity.house import House


def test_no_session_and_a_bad_one_get_the_same_bytes(house: House) -> None:
    """R9, R19: an ended session, a made-up one and none at all are never told apart."""
    token = house.sign_in("student-two")
    bearer = f"Bearer {token}"
    answers = [
        house.check(),
        house.check(authorization=f"Bearer {secrets.token_urlsafe(32)}"),
        house.check(authorization="Bearer "),
        house.check(authorization="Basic abc"),
        house.check(cookie="__Host-sas=" + "x" * 43),
    ]
    caller = house.caller(token)
    with house.clock.later(minutes=21):
        answers.append(house.check(authorization=bearer))
    with house.clock.later(hours=9):
        answers.append(house.check(authorization=bearer))
    with calling(caller):
        house.sessions.SignOut(sessions_pb2.SignOutRequest())
    answers.append(house.check(authorization=bearer))

    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    denied = answers[0].denied_response
    assert denied.status.code == 401
    assert json.loads(denied.body)["details"][0]["reason"] == "SIGN_IN_NEEDED"


def test_a_session_comes_as_a_cookie_too_and_its_secret_goes_no_further(house: House) -> None:
    token = house.sign_in("student-two")

    answer = house.check(cookie=f"theme=dark; __Host-sas={token}")

    assert set(answer.ok_response.headers_to_remove) == {"authorization", "cookie"}
    assert token not in str(answer)


def test_a_session_in_use_stays_and_one_that_is_not_ends(house: House) -> None:
    """R19."""
    token = house.sign_in("student-two")
    with house.clock.later(minutes=15):
        house.caller(token)
    with house.clock.later(minutes=30):
        house.caller(token)
    with house.clock.later(minutes=51), pytest.raises(SignInNeeded):
        house.caller(token)


def test_a_session_in_constant_use_ends_after_eight_hours(house: House) -> None:
    token = house.sign_in("student-two")
    for minutes in range(15, 8 * 60, 15):
        with house.clock.later(minutes=minutes):
            house.caller(token)
    with house.clock.later(minutes=8 * 60 + 1), pytest.raises(SignInNeeded):
        house.caller(token)


def test_a_session_that_ended_says_who_it_was_no_more(house: House) -> None:
    """The caller token outlives its session by seconds; what asks identity learns of the end."""
    caller = house.caller(house.sign_in("student-two"))
    with calling(caller):
        house.sessions.SignOut(sessions_pb2.SignOutRequest())
        with pytest.raises(SignInNeeded):
            house.sessions.GetSession(sessions_pb2.GetSessionRequest())


def test_only_the_hash_of_a_session_is_kept(house: House) -> None:
    token = house.sign_in("student-two")
    stored = house.everything("sessions")

    assert token not in stored
    assert token.encode().hex() not in stored


def test_most_checks_cost_vault_nothing(house: House) -> None:
    """The caller token is signed once in twenty seconds; the session is looked up every time."""
    token = house.sign_in("student-two")

    assert len({house.caller(token).token for _ in range(5)}) == 1


def test_when_the_database_is_away_the_answer_is_no(house: House) -> None:
    """Nothing goes in, and the caller is told to try again rather than to sign in."""
    with command.settings(house.state, "identity-serve") as file:
        settings = config.load(file, Settings)
        elsewhere: DatabaseSettings = attrs.evolve(settings.database, port=1)
    away = Database(elsewhere, house.own_vault)
    parts = attrs.evolve(house.parts, new_reads=lambda: Work(away.reads))
    from sas_ext import ext_authz_pb2

    http = ext_authz_pb2.AttributeContext.HttpRequest(headers={"authorization": "Bearer abc"})
    request = ext_authz_pb2.AttributeContext.Request(http=http)
    answer = AuthorizationServicer(parts, Mint(house.own_vault)).Check(
        ext_authz_pb2.CheckRequest(attributes=ext_authz_pb2.AttributeContext(request=request)),
        None,  # type: ignore[arg-type]  # it needs no context
    )

    assert answer.denied_response.status.code == 503
    assert json.loads(answer.denied_response.body)["details"][0]["reason"] == "TRY_AGAIN"


def test_the_worker_forgets_what_is_over_and_can_read_nobody(house: House) -> None:
    house.begin()
    house.sign_in("student-two")
    with command.settings(house.state, "identity-work") as file:
        settings = config.load(file, Settings)
        vault = Vault.login(settings.vault)
    database = Database(settings.database, vault, driver="psycopg2")
    with database.engine.begin() as connection:
        forget(connection, datetime.now(UTC) + timedelta(hours=1))
    database.close()
    vault.close()

    assert house.sql("select count(*) from sign_ins") == [(0,)]
    assert house.sql("select count(*) from sessions")[0][0] > 0
    for table in ("students", "registration_forms", "staff_members", "student_accounts"):
        with house.connect() as connection_of_work:
            connection_of_work.execute("set role identity_work")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection_of_work.execute(f"select * from {table}")  # noqa: S608

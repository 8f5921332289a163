"""Caller tokens: who forges one, or keeps one too long, is nobody."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common import signed_tokens
from common.caller import CallerTokens, calling, current_caller, optional_caller
from common.errors import SignInNeeded, TryAgain
from tests.kit.vault_alone import VaultAlone


@pytest.fixture
def tokens(vault: VaultAlone) -> CallerTokens:
    return CallerTokens(vault)


def refused(tokens: CallerTokens, token: str) -> bool:
    """Whether *token* makes nobody a caller."""
    with pytest.raises(SignInNeeded):
        tokens.verify(token)
    return True


def test_a_good_token_says_who_calls(tokens: CallerTokens, vault: VaultAlone) -> None:
    token = vault.token(sub="students/1", kind="student", roles=["student"], perms=[], sf=False)
    who = tokens.verify(token)
    assert (who.person, who.kind, set(who.roles)) == ("students/1", "student", {"student"})
    assert (who.permissions, who.second_factor, who.session) == (frozenset(), False, "sessions/1")
    assert who.passkeys == frozenset()
    assert tokens.verify(vault.token(keys=["a-thumbprint"])).passkeys == {"a-thumbprint"}
    assert who.token == token
    assert token not in repr(who)


def test_a_token_of_another_key_is_forged(tokens: CallerTokens, vault: VaultAlone) -> None:
    assert refused(tokens, vault.token(signed_by=Ed25519PrivateKey.generate()))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"kid": "caller-v2"},
        {"kid": "ledger-v1"},
        {"kid": None},
        {"kid": 1},
    ],
)
def test_the_header_chooses_neither_algorithm_nor_key(
    tokens: CallerTokens, vault: VaultAlone, header: dict[str, object]
) -> None:
    assert refused(tokens, vault.token(header=header))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "cases"},
        {"exp": "tomorrow"},
        {"exp": None},
        {"kind": "Jane Doe"},
        {"kind": ["staff"]},
        {"sf": 1},
        {"sub": None},
        {"roles": "adviser"},
        {"perms": [1]},
        {"keys": None},
        {"keys": [1]},
        {"sid": None},
    ],
)
def test_a_token_that_breaks_our_rules_is_refused(
    tokens: CallerTokens, vault: VaultAlone, claims: dict[str, object]
) -> None:
    assert refused(tokens, vault.token(claims))


@pytest.mark.parametrize(
    "seconds_from_now",
    [{"iat": -100, "exp": -60}, {"exp": 3600}, {"iat": 600, "exp": 650}],
    ids=["over", "for too long", "from the future"],
)
def test_a_token_of_another_time_is_refused(
    tokens: CallerTokens, vault: VaultAlone, seconds_from_now: dict[str, int]
) -> None:
    claims = {claim: time.time() + seconds for claim, seconds in seconds_from_now.items()}
    assert refused(tokens, vault.token(claims))


def test_a_token_that_was_good_is_refused_when_its_minute_is_over(
    tokens: CallerTokens, vault: VaultAlone
) -> None:
    """Its signature is looked at once; its times, in every call."""
    soon_over = time.time() - signed_tokens.CLOCK_SKEW + 1
    token = vault.token({"iat": soon_over - 30, "exp": soon_over})
    assert tokens.verify(token) == tokens.verify(token)
    time.sleep(1.1)
    assert refused(tokens, token)


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "...", "é.b.c", "a.b.c.d.e"])
def test_what_is_no_token_is_refused(tokens: CallerTokens, token: str) -> None:
    assert refused(tokens, token)


def test_an_unsigned_token_is_refused(tokens: CallerTokens, vault: VaultAlone) -> None:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "caller-v1"}).encode())
    payload = vault.token().split(".")[1]
    assert refused(tokens, f"{head.rstrip(b'=').decode()}.{payload}.")


def test_a_new_key_is_fetched_when_it_is_first_seen(
    tokens: CallerTokens, vault: VaultAlone, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.verify(vault.token())
    monkeypatch.setattr(signed_tokens, "REFETCH_AFTER", 0.0)
    vault.caller_keys[2] = Ed25519PrivateKey.generate()
    newer = vault.token(header={"kid": "caller-v2"}, signed_by=vault.caller_keys[2])
    assert tokens.verify(newer).kind == "staff"
    assert vault.fetched == 2


def test_made_up_keys_do_not_make_us_ask_vault_again_and_again(
    tokens: CallerTokens, vault: VaultAlone
) -> None:
    for number in range(50):
        refused(tokens, vault.token(header={"kid": f"caller-v{number + 2}"}))
    assert vault.fetched == 1


def test_known_keys_do_without_vault(tokens: CallerTokens, vault: VaultAlone) -> None:
    tokens.verify(vault.token())
    vault.away = True
    assert tokens.verify(vault.token()).kind == "staff"


def test_without_keys_and_without_vault_the_answer_is_to_try_again(tmp_path: Path) -> None:
    vault = VaultAlone(tmp_path)
    vault.away = True
    with pytest.raises(TryAgain):
        CallerTokens(vault).verify(vault.token())


def test_nobody_is_calling_outside_a_call(tokens: CallerTokens, vault: VaultAlone) -> None:
    who = tokens.verify(vault.token())
    assert optional_caller() is None
    with calling(who):
        assert current_caller() == who
    with pytest.raises(SignInNeeded):
        current_caller()

"""What an identity provider may tell us, and what we don't believe."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey

from common.errors import SignInFailed, TryAgain
from services.identity.domain.providers import PRESETS, SignedInPerson
from services.identity.storage.identity_provider import Client, IdentityProvider
from tests.kit.vault_alone import VaultAlone
from tests.unit.identity.provider_alone import CLIENT_ID, NONCE, ProviderAlone, serving


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[ProviderAlone]:
    alone = ProviderAlone(tmp_path)
    with serving(alone, tmp_path):
        yield alone


def ours(provider: ProviderAlone, ca_file: Path | None = None) -> IdentityProvider:
    return IdentityProvider(
        PRESETS["embedded"],
        ca_file or provider.vault.ca_file,
        lambda: Client(provider.issuer, CLIENT_ID, "our-secret"),
    )


def redeem(asking: IdentityProvider) -> SignedInPerson:
    return asking.redeem(
        "a-code", verifier="a-verifier", nonce=NONCE, redirect_uri="http://127.0.0.1/callback"
    )


def test_who_signed_in_is_believed_when_everything_is_right(provider: ProviderAlone) -> None:
    provider.gives()

    person = redeem(ours(provider))

    assert (person.issuer, person.subject) == (provider.issuer, "a-subject")
    assert person.second_factor
    assert person.crsid is not None
    assert provider.asked[0]["code_verifier"] == ["a-verifier"]


def test_the_page_to_open_asks_for_a_code_with_pkce(provider: ProviderAlone) -> None:
    url = ours(provider).authorization_url(
        state="s", nonce=NONCE, verifier="a-verifier", redirect_uri="http://127.0.0.1/callback"
    )

    asked = parse_qs(urlsplit(url).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert "a-verifier" not in url
    assert "our-secret" not in url


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://another.example"},
        {"iss": None},
        {"sub": None},
        {"aud": "another-client"},
        {"aud": []},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": None},
        {"azp": "another-client"},
        {"nonce": "another-nonce"},
        {"nonce": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        {"iat": None},
        {"iat": "yesterday"},
    ],
    ids=lambda changes: ",".join(f"{name}={value}"[:30] for name, value in changes.items()),
)
def test_a_token_that_is_not_ours_is_not_believed(
    provider: ProviderAlone, changes: dict[str, Any]
) -> None:
    provider.gives(**changes)

    with pytest.raises(SignInFailed):
        redeem(ours(provider))


def test_a_token_signed_by_somebody_else_is_not_believed(provider: ProviderAlone) -> None:
    provider.gives(key=provider.new_key("one"))

    with pytest.raises(SignInFailed):
        redeem(ours(provider))


def test_a_token_signed_with_a_shared_secret_is_not_believed(provider: ProviderAlone) -> None:
    """The old trick: our own client secret, or a public key, as an HMAC key."""
    provider.gives(
        key=OctKey.import_key("our-secret-that-is-long-enough-for-this"),
        header={"alg": "HS256", "kid": "one"},
    )

    with pytest.raises(SignInFailed):
        redeem(ours(provider))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id_token": "not.a.token"},
        {"id_token": 7},
        # {"alg":"none"} with an empty signature
        {"id_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhLXN1YmplY3QifQ."},
    ],
)
def test_what_is_no_token_is_not_believed(provider: ProviderAlone, answer: dict[str, Any]) -> None:
    provider.answer = answer

    with pytest.raises(SignInFailed):
        redeem(ours(provider))


def test_a_refused_code_is_a_failed_sign_in(provider: ProviderAlone) -> None:
    provider.status, provider.answer = 400, {"error": "invalid_grant"}

    with pytest.raises(SignInFailed):
        redeem(ours(provider))


def test_a_new_key_of_the_provider_is_found(provider: ProviderAlone) -> None:
    asking = ours(provider)
    provider.gives()
    redeem(asking)
    newer = provider.new_key("two")
    provider.keys = [provider.key, newer]
    provider.gives(key=newer, header={"alg": "ES256", "kid": "two"})

    assert redeem(asking).subject == "a-subject"


def test_a_provider_that_names_another_is_not_asked(provider: ProviderAlone) -> None:
    provider.named_issuer = "https://another.example"

    with pytest.raises(TryAgain):
        redeem(ours(provider))


def test_a_provider_with_another_authoritys_certificate_is_not_asked(
    provider: ProviderAlone, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    other = VaultAlone(tmp_path / "elsewhere")

    with pytest.raises(TryAgain):
        redeem(ours(provider, other.ca_file))


def test_a_provider_in_trouble_is_to_be_asked_again(provider: ProviderAlone) -> None:
    provider.status = 503

    with pytest.raises(TryAgain):
        redeem(ours(provider))

"""The embedded identity provider: who gets in, and what it then says about them."""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pyotp
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.state import State
from deploy.vault import idp
from deploy.vault.signin import SignInRefused, authorise
from tests.service.vault.conftest import Processes

CALLBACK = "http://127.0.0.1:40123/callback"


class Browser:
    """One sign-in, from the page that identity names to the claims that it gets."""

    def __init__(self, state: State, client: dict[str, str]) -> None:
        self.state, self.client = state, client
        self.http = httpx.Client(
            verify=ssl.create_default_context(cafile=state / "tls/ca.pem"), trust_env=False
        )
        found = self.http.get(f"{client['issuer']}/.well-known/openid-configuration").json()
        self.metadata: dict[str, Any] = found
        self.verifier, self.nonce = secrets.token_urlsafe(40), secrets.token_urlsafe(10)

    def page(self, redirect_uri: str = CALLBACK) -> str:
        """Return the page that identity would send the browser to."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client["client_id"],
            "redirect_uri": redirect_uri,
            "scope": "openid sas",
            "state": "where-i-was",
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.metadata['authorization_endpoint']}?{urlencode(query)}"

    def vault(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Ask Vault what its sign-in page asks."""
        address = urlsplit(self.client["issuer"])
        return self.http.post(f"{address.scheme}://{address.netloc}/v1/{path}", json=body)

    def redeem(self, code: str, verifier: str | None = None) -> httpx.Response:
        """Exchange the code, as identity does."""
        return self.http.post(
            self.metadata["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": verifier or self.verifier,
            },
            auth=(self.client["client_id"], self.client["client_secret"]),
        )

    def claims(self, username: str) -> dict[str, Any]:
        """Sign in as *username* and return the verified claims."""
        account = idp.known_accounts(self.state)[username]
        code, state = authorise(
            self.state,
            self.page(),
            username,
            account["password"],
            account.get("totp_secret"),
        )
        assert state == "where-i-was"
        keys = KeySet.import_key_set(self.http.get(self.metadata["jwks_uri"]).json())
        id_token = self.redeem(code).json()["id_token"]
        return dict(jwt.decode(id_token, keys, algorithms=["EdDSA"]).claims)


@pytest.fixture
def browser(state: State, processes: Processes) -> Browser:
    return Browser(state, processes.vault("identity-serve").secret("oidc/identity"))


def test_a_member_of_staff_signs_in_with_a_second_factor(browser: Browser) -> None:
    claims = browser.claims("ada")
    assert claims["second_factor"] == "true"
    assert claims["preferred_username"] == "ada"
    assert claims["kind"] == "staff"
    assert claims["sub"] == idp.known_accounts(browser.state)["ada"]["subject"]
    assert claims["iss"] == idp.issuer(browser.state) == browser.metadata["issuer"]
    assert claims["aud"] == browser.client["client_id"]
    assert claims["nonce"] == browser.nonce
    assert claims["exp"] - time.time() <= 300


@pytest.mark.parametrize(("username", "kind"), [("student-one", "student"), ("joan", "staff")])
def test_a_password_alone_is_no_second_factor(browser: Browser, username: str, kind: str) -> None:
    claims = browser.claims(username)
    assert claims["second_factor"] == "false"
    assert claims["kind"] == kind


def test_a_one_time_code_works_once(browser: Browser) -> None:
    account = idp.known_accounts(browser.state)["grace"]
    code = pyotp.TOTP(account["totp_secret"]).now()

    def sign_in() -> int:
        login = {"password": account["password"]}
        answer = browser.vault("auth/staff/login/grace", login).json()["auth"]["mfa_requirement"]
        (constraint,) = answer["mfa_constraints"].values()
        payload = {constraint["any"][0]["id"]: [code]}
        given = {"mfa_request_id": answer["mfa_request_id"], "mfa_payload": payload}
        return browser.vault("sys/mfa/validate", given).status_code

    assert (sign_in(), sign_in()) == (200, 403)


@pytest.mark.long
def test_a_third_code_is_a_later_one(browser: Browser) -> None:
    """Vault takes this step's code and the next one's, each once; after that, only a later one."""
    start = time.time()
    for _ in range(3):
        browser.claims("grace")
    assert int(time.time() / 30) > int(start / 30)


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({"password": "wrong"}, "password"),
        ({"totp_secret": None, "mount": "staff"}, "second factor"),
        ({"totp_secret": None, "mount": "students"}, "password"),
    ],
)
def test_nobody_gets_in_with_less(
    browser: Browser, given: dict[str, str | None], step: str
) -> None:
    """A known password alone leads nowhere, the mount without codes included."""
    account = idp.known_accounts(browser.state)["mary"]
    credentials = {"password": account["password"], "totp_secret": account["totp_secret"]} | given
    with pytest.raises(SignInRefused, match=step):
        authorise(browser.state, browser.page(), "mary", **credentials)  # type: ignore[arg-type]


def test_a_code_is_worth_nothing_without_the_verifier(browser: Browser) -> None:
    account = idp.known_accounts(browser.state)["student-two"]
    code, _ = authorise(browser.state, browser.page(), "student-two", account["password"])
    assert browser.redeem(code, verifier=secrets.token_urlsafe(40)).status_code == 400


def test_the_browser_is_sent_nowhere_else(browser: Browser) -> None:
    account = idp.known_accounts(browser.state)["student-two"]
    with pytest.raises(SignInRefused, match="authorisation"):
        authorise(
            browser.state,
            browser.page("https://elsewhere.example/callback"),
            "student-two",
            account["password"],
        )


def test_an_account_stays_as_it_is(state: State) -> None:
    first = idp.add_account(state, "student-three", "a password of mine", "student", False)
    noted = idp.known_accounts(state)["student-three"]
    assert idp.add_account(state, "student-three", "another", "student", False) == first
    assert idp.known_accounts(state)["student-three"] == noted
    assert noted["password"] == "a password of mine"

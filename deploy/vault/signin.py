"""
What a person does in a browser at the embedded identity provider, done by a program.

For the demo, the tests and the staff command on a machine without a browser. It makes the same
requests as OpenBao's sign-in page: the login, the one-time code, the authorisation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pyotp

from deploy.state import State
from deploy.vault.idp import PASSWORD_ONLY, WITH_CODE

TIMEOUT_SECONDS = 10


class SignInRefused(Exception):
    """The provider refused; the message says at which step, and never with what."""


def authorise(
    place: State | Path,
    authorization_url: str,
    username: str,
    password: str,
    totp_secret: str | None = None,
    mount: str | None = None,
) -> tuple[str, str]:
    """
    Sign in and agree to go back to whoever asked with *authorization_url*.

    A one-time code works once, so a third sign-in within 30 seconds waits for the next one.

    Args:
        place: the stack, or the file with the certificates to trust.
        authorization_url: the page that a browser would open.
        username: of an account at the provider.
        password: theirs.
        totp_secret: the secret of their one-time codes, if they have one.
        mount: where they sign in; by default where people with or without a secret do.

    Returns:
        The one-time code and the state that a browser would carry back.

    Raises:
        SignInRefused: wrong password or code, or the provider does not know the client.
    """
    ca_file = place if isinstance(place, Path) else place / "tls/ca.pem"
    asked = urlsplit(authorization_url)
    with httpx.Client(
        base_url=f"{asked.scheme}://{asked.netloc}",
        verify=str(ca_file),
        trust_env=False,
        timeout=TIMEOUT_SECONDS,
    ) as browser:
        mount = mount or (WITH_CODE if totp_secret else PASSWORD_ONLY)
        token = _log_in(browser, mount, username, password, totp_secret)
        answer = browser.get(
            # The page lies under /ui/vault; what it asks, under /v1.
            asked.path.replace("/ui/vault/", "/v1/", 1),
            params=dict(parse_qsl(asked.query)),
            headers={"X-Vault-Token": token},
        )
        if answer.status_code != httpx.codes.OK:
            raise SignInRefused("authorisation")
        found = answer.json()
        return found["code"], found["state"]


def _log_in(
    browser: httpx.Client, mount: str, username: str, password: str, totp_secret: str | None
) -> str:
    answer = browser.post(f"/v1/auth/{mount}/login/{username}", json={"password": password})
    if answer.status_code != httpx.codes.OK:
        raise SignInRefused("password")
    auth = answer.json()["auth"]
    if auth["mfa_requirement"]:
        if totp_secret is None:
            raise SignInRefused("second factor")
        auth = _give_code(browser, auth["mfa_requirement"], totp_secret)
    token: str = auth["client_token"]
    return token


def _give_code(
    browser: httpx.Client, requirement: dict[str, object], totp_secret: str
) -> dict[str, str]:
    constraints = requirement["mfa_constraints"]
    assert isinstance(constraints, dict)  # noqa: S101 (by Vault's API)
    (constraint,) = constraints.values()
    method = constraint["any"][0]["id"]
    for code in _codes(totp_secret):
        answer = browser.post(
            "/v1/sys/mfa/validate",
            json={"mfa_request_id": requirement["mfa_request_id"], "mfa_payload": {method: [code]}},
        )
        if answer.status_code == httpx.codes.OK:
            auth: dict[str, str] = answer.json()["auth"]
            return auth
    raise SignInRefused("second factor")


def _codes(totp_secret: str) -> Iterator[str]:
    """
    Give the one-time codes to try: now's and the next one's, and after a step both again.

    Vault does not tell a used code from a wrong one. It takes a neighbouring step's code too, for
    clocks that are a little off.
    """
    totp = pyotp.TOTP(totp_secret)
    for step in range(2):
        if step:
            time.sleep(totp.interval - time.time() % totp.interval + 0.1)
        now = int(time.time())
        yield totp.at(now)
        yield totp.at(now + totp.interval)

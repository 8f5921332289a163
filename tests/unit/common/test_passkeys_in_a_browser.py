"""
The same passkeys with a real browser: what ours does in software, Chromium does, too.

Needs Debian's `chromium` and `pip install playwright`, which nothing else here does; without them
it is skipped.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from shutil import which
from typing import Any

import attrs
import pytest

from common.passkeys import (
    NEUTRAL,
    Passkey,
    PasskeyRefused,
    PasskeySignature,
    RelyingParty,
    base64url,
    creation_options,
    registered,
    verified,
)

pytestmark = pytest.mark.long
CHROMIUM = which("chromium")

MAKE = """async (options) => (await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options))
})).toJSON()"""
SIGN = """async ([challenge, id]) => (await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON({
        challenge, userVerification: "required", allowCredentials: [{id, type: "public-key"}]
    })
})).toJSON()"""


class Page(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        """Give it."""
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>account</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@attrs.frozen
class Browser:
    """Chromium at our page, with a device of its own."""

    tab: Any
    devtools: Any
    device: str
    party: RelyingParty

    def knows_its_user(self, known: bool) -> None:
        """Let the device recognise its user from now on, or not."""
        said = {"authenticatorId": self.device, "isUserVerified": known}
        self.devtools.send("WebAuthn.setUserVerified", said)

    def makes(self, challenge: bytes) -> tuple[Passkey, int]:
        """Make a passkey, and verify it."""
        options = creation_options(self.party, challenge, b"h" * 32, [])
        made = self.tab.evaluate(MAKE, options)["response"]
        client_data, attestation = read(made["clientDataJSON"]), read(made["attestationObject"])
        return registered(client_data, attestation, challenge, self.party)

    def signs(self, passkey: Passkey, challenge: bytes) -> PasskeySignature:
        """Have the device sign."""
        asked = [base64url(challenge), base64url(passkey.credential_id)]
        said = self.tab.evaluate(SIGN, asked)["response"]
        return PasskeySignature(
            passkey,
            authenticator_data=read(said["authenticatorData"]),
            client_data_json=read(said["clientDataJSON"]),
            signature=read(said["signature"]),
        )


def read(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("apt-get install chromium")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = f"http://localhost:{server.server_port}"
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = chromium.new_page()
        tab.goto(page)
        devtools = tab.context.new_cdp_session(tab)
        devtools.send("WebAuthn.enable")
        made = devtools.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                }
            },
        )
        party = RelyingParty("localhost", (page,))
        yield Browser(tab, devtools, made["authenticatorId"], party)
        chromium.close()
    server.shutdown()


def test_what_a_browsers_device_makes_and_signs_is_believed(browser: Browser) -> None:
    """And it counts, so that a copy is found out."""
    passkey, count = browser.makes(b"c" * 32)
    first = browser.signs(passkey, b"d" * 32)
    seen = verified(first, b"d" * 32, browser.party, count)
    assert seen > count
    assert verified(browser.signs(passkey, b"e" * 32), b"e" * 32, browser.party, seen) > seen
    for challenge, last in ((b"e" * 32, count), (b"d" * 32, seen)):
        with pytest.raises(PasskeyRefused):
            verified(first, challenge, browser.party, last)


def test_the_device_keeps_no_name(browser: Browser) -> None:
    """R9: what a device shows of its keys says an account and a domain."""
    passkey, _ = browser.makes(b"c" * 32)
    kept = browser.devtools.send("WebAuthn.getCredentials", {"authenticatorId": browser.device})
    (ours,) = [
        each
        for each in kept["credentials"]
        if base64.b64decode(each["credentialId"]) == passkey.credential_id
    ]
    assert ours["rpId"] == "localhost"
    assert ours.get("userName", NEUTRAL) == ours.get("userDisplayName", NEUTRAL) == NEUTRAL


def test_without_its_user_the_device_signs_nothing(browser: Browser) -> None:
    passkey, _ = browser.makes(b"c" * 32)
    browser.knows_its_user(False)
    try:
        with pytest.raises(Exception, match="NotAllowedError"):
            browser.signs(passkey, b"d" * 32)
    finally:
        browser.knows_its_user(True)

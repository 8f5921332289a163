"""An identity provider that says whatever a test wants, over real TLS."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet

from tests.kit.vault_alone import VaultAlone

CLIENT_ID = "client-of-ours"
NONCE = "the-nonce-of-this-sign-in"


class ProviderAlone:
    """Publishes `keys` and answers every code with `answer`."""

    def __init__(self, folder: Path) -> None:
        self.vault = VaultAlone(folder)
        self.key = self.new_key("one")
        self.keys: list[Key] = [self.key]
        self.issuer = ""
        self.named_issuer: str | None = None
        self.status = 200
        self.answer: dict[str, Any] = {}
        self.asked: list[dict[str, list[str]]] = []

    @staticmethod
    def new_key(kid: str) -> ECKey:
        """Make a signing key."""
        return ECKey.generate_key("P-256", parameters={"kid": kid, "use": "sig", "alg": "ES256"})

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Give good claims except for *changes*; None leaves one out."""
        now = int(time.time())
        good = {
            "iss": self.issuer,
            "sub": "a-subject",
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": NONCE,
            "preferred_username": "abc23",
            "second_factor": "true",
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def gives(self, key: Any = None, header: dict[str, Any] | None = None, **changes: Any) -> None:
        """Answer the next code with a token of these claims."""
        head = header or {"alg": "ES256", "kid": "one"}
        algorithms = [head["alg"]]
        token = jwt.encode(head, self.claims(**changes), key or self.key, algorithms=algorithms)
        self.answer = {"id_token": token}

    def reply(self, path: str) -> dict[str, Any]:
        """Give what is at *path*."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.named_issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        return KeySet(self.keys).as_dict(private=False)  # type: ignore[return-value]


@contextmanager
def serving(provider: ProviderAlone, folder: Path) -> Iterator[None]:
    """Serve it on the loopback for the time of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, provider.reply(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            provider.asked.append(parse_qs(body))
            self._say(provider.status, provider.answer)

        def _say(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    certificate = provider.vault.issue_certificate("idp", domain="sas", names=["localhost"])
    chain, key = folder / "idp.pem", folder / "idp.key"
    chain.write_bytes(certificate.chain_pem)
    key.write_bytes(certificate.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    provider.issuer = f"https://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

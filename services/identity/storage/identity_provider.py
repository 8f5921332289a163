"""
The identity provider: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636).

Of its answers we believe what is signed with one of its published keys by an algorithm of our
choice, issued by it, for us, just now, and for the very sign-in that we began.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import attrs
import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from common.errors import SignInFailed, TryAgain
from services.identity.domain.providers import Claims, Preset, SignedInPerson

log = structlog.get_logger()

TIMEOUT_SECONDS = 5.0
KNOWN_SECONDS = 300.0
CLOCK_SKEW_SECONDS = 30
LONGEST_ID_TOKEN_AGE = 600

# What can go wrong in reading a token that somebody else wrote.
BAD_TOKEN = (JoseError, ValueError, KeyError, TypeError)


@attrs.frozen
class Client:
    """Who we are to the identity provider; from Vault."""

    issuer: str
    client_id: str
    client_secret: str = attrs.field(repr=False)


@attrs.frozen
class Known:
    """Who we are to the provider, and what it says of itself (OpenID Connect Discovery 1.0)."""

    client: Client
    authorization_endpoint: str
    token_endpoint: str
    keys: KeySet
    fetched_at: float


class IdentityProvider:
    """One identity provider, asked over TLS."""

    def __init__(self, preset: Preset, ca_file: Path, client: Callable[[], Client]) -> None:
        trust = ssl.create_default_context(cafile=None if preset.public else str(ca_file))
        # No proxy and no other trust by way of the environment.
        self._http = httpx.Client(verify=trust, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._preset = preset
        self._client = client
        self._kept: Known | None = None
        self._lock = threading.Lock()

    @property
    def issuer(self) -> str:
        """The provider's name for itself."""
        return self._known().client.issuer

    def authorization_url(self, *, state: str, nonce: str, verifier: str, redirect_uri: str) -> str:
        """
        Return the page that the person opens to sign in.

        Raises:
            TryAgain: the provider can't be reached.
        """
        known = self._known()
        digest = hashlib.sha256(verifier.encode()).digest()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": known.client.client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(self._preset.scopes),
                "state": state,
                "nonce": nonce,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )
        return f"{known.authorization_endpoint}?{query}"

    def redeem(self, code: str, *, verifier: str, nonce: str, redirect_uri: str) -> SignedInPerson:
        """
        Exchange the one-time code for who signed in.

        Raises:
            SignInFailed: the provider refused the code, or what it said can't be believed.
            TryAgain: the provider can't be reached.
        """
        known = self._known()
        answer = self._ask(
            "POST",
            known.token_endpoint,
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
            },
            auth=(known.client.client_id, known.client.client_secret),
        )
        if answer.status_code != httpx.codes.OK:
            # The body may quote what we sent; the number is enough to find out.
            log.info("sign_in_code_refused", status=answer.status_code)
            self._kept = None  # it may be our secret that is not good any more
            raise SignInFailed
        try:
            claims = self._believed(answer.json()["id_token"], nonce)
            person = self._preset.person(claims)
        except BAD_TOKEN as error:
            log.warning("sign_in_token_not_believed", because=type(error).__name__)
            raise SignInFailed from None
        if person is None:
            log.info("sign_in_of_somebody_elses_people")
            raise SignInFailed
        return person

    def _believed(self, id_token: str, nonce: str) -> Claims:
        """Return the claims of *id_token*, or raise one of BAD_TOKEN (Core 1.0, 3.1.3.7)."""
        algorithms = list(self._preset.algorithms)
        known = self._known()
        try:
            token = jwt.decode(id_token, known.keys, algorithms=algorithms)
        except BAD_TOKEN:
            # The provider may have a new key since we last looked.
            known = self._fetch()
            token = jwt.decode(id_token, known.keys, algorithms=algorithms)
        now = int(time.time())
        jwt.JWTClaimsRegistry(
            now=now,
            leeway=CLOCK_SKEW_SECONDS,
            iss={"essential": True, "value": known.client.issuer},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(token.claims)
        _for_us_alone(token.claims, known.client.client_id)
        if now - int(token.claims["iat"]) > LONGEST_ID_TOKEN_AGE:
            raise ValueError("issued too long ago")
        return token.claims

    def _known(self) -> Known:
        """Return what we know, at most some minutes old: beginning a sign-in asks nobody."""
        kept = self._kept
        if kept is None or time.monotonic() - kept.fetched_at > KNOWN_SECONDS:
            return self._fetch()
        return kept

    def _fetch(self) -> Known:
        with self._lock:
            client = self._client()
            found = self._json(f"{client.issuer}/.well-known/openid-configuration")
            if found.get("issuer") != client.issuer:
                log.error("identity_provider_names_another_issuer")
                raise TryAgain
            self._kept = Known(
                client=client,
                authorization_endpoint=found["authorization_endpoint"],
                token_endpoint=found["token_endpoint"],
                # Joserfc checks itself that it is a set of keys.
                keys=KeySet.import_key_set(self._json(found["jwks_uri"])),  # type: ignore[arg-type]
                fetched_at=time.monotonic(),
            )
            return self._kept

    def _json(self, url: str) -> dict[str, Any]:
        answer = self._ask("GET", url)
        if answer.status_code != httpx.codes.OK:
            log.error("identity_provider_metadata_not_given", status=answer.status_code)
            raise TryAgain
        found: dict[str, Any] = answer.json()
        return found

    def _ask(self, method: str, url: str, **rest: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, url, **rest)
        except httpx.HTTPError as error:
            log.error("identity_provider_away", because=type(error).__name__)
            raise TryAgain from None
        if answer.is_server_error:
            log.error("identity_provider_away", because=str(answer.status_code))
            raise TryAgain
        return answer


def _for_us_alone(claims: Claims, client_id: str) -> None:
    """Refuse a token that is also for somebody else: they could have brought it here."""
    audience = claims.get("aud")
    if audience not in (client_id, [client_id]) or claims.get("azp", client_id) != client_id:
        raise ValueError("not for us alone")

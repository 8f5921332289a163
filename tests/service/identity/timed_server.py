"""
The server of identity, with a provider that says at once who signed in: whoever the code names.

    python -m tests.service.identity.timed_server CONFIG

What is measured begins when the provider has answered, which takes as long for everybody.
"""

from __future__ import annotations

import sys

import attrs

from common.config import Config
from common.process import run
from common.vault import Vault
from services.identity import __main__ as identity
from services.identity.actions.caller_tokens import CallerTokens
from services.identity.config import Settings
from services.identity.domain.crsid import claimed
from services.identity.domain.providers import SignedInPerson
from services.identity.storage.identity_provider import IdentityProvider


class AtOnce(IdentityProvider):
    """Believes every code: it is a CRSid."""

    def __init__(self) -> None:
        """Need nobody."""

    def authorization_url(self, *, state: str, nonce: str, verifier: str, redirect_uri: str) -> str:
        """Give a page that nobody opens."""
        return redirect_uri

    def redeem(self, code: str, *, verifier: str, nonce: str, redirect_uri: str) -> SignedInPerson:
        """Say who signed in."""
        return SignedInPerson("https://provider.example", code, False, claimed(code))


def main(config: str) -> None:
    """Serve until told to leave."""

    def serve(config: Config[Settings], vault: Vault) -> None:
        from common.db import Database
        from common.rpc.server import serve as serve_until_told

        database = Database(config.database, vault)
        parts = attrs.evolve(identity.parts(config, vault, database), provider=AtOnce())
        served = identity.servicers(parts, CallerTokens(vault))
        serve_until_told(config, vault, served, ready=database.answers)

    run("services.identity", Settings, {"serve": serve}, ["serve", "--config", config])


if __name__ == "__main__":
    main(*sys.argv[1:])

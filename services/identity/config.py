"""Identity's own settings, read once; the secret of our identity provider client is in Vault."""

from __future__ import annotations

from datetime import timedelta

import attrs

from common.config import ConfigError
from services.identity.domain.providers import PRESETS, Preset
from services.identity.domain.sessions import Lifetimes


@attrs.frozen
class Settings:
    """The section `[settings]`."""

    # Which kind of identity provider: `embedded`, `entra` or `raven`.
    provider: str = "embedded"
    # The provider's name for itself; if empty, the one that stands beside our secret in Vault.
    issuer: str = ""
    # The path of our client id and secret in Vault.
    oidc_secret: str = "oidc/identity"  # noqa: S105  # a path, not a secret
    # Where a sign-in may come back to.
    redirect_uris: tuple[str, ...] = ()
    # How long a caller token lives; services refuse longer ones.
    caller_token_seconds: int = 60
    # R19: when a session ends that nobody ends.
    session_hours: int = 8
    idle_minutes_staff: int = 10
    idle_minutes_students: int = 20
    # R7: for which domain students' passkeys are, and at which pages they may be used; the same as
    # consent's. Without a page no passkey is made.
    passkey_domain: str = "localhost"
    passkey_pages: tuple[str, ...] = ()

    # R9: who signs in is answered at a multiple of this. Much longer than our own work takes on a
    # busy machine: some 150 ms for somebody new to us.
    answer_beat_ms: int = 500

    @property
    def preset(self) -> Preset:
        """
        How the identity provider speaks.

        Raises:
            ConfigError: there is no such kind.
        """
        if self.provider not in PRESETS:
            raise ConfigError(f"settings.provider must be one of {', '.join(PRESETS)}")
        return PRESETS[self.provider]

    @property
    def lifetimes(self) -> Lifetimes:
        """How long sessions last."""
        return Lifetimes(
            absolute=timedelta(hours=self.session_hours),
            idle_staff=timedelta(minutes=self.idle_minutes_staff),
            idle_students=timedelta(minutes=self.idle_minutes_students),
        )

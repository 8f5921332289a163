"""
Identity providers, and how each one tells what we ask: three presets of OpenID Connect.

A person is known by issuer and subject alone, never by an address, which can be given to somebody
else. That somebody can sign in says nothing about being a student: the Service's own registration
does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from services.identity.domain.crsid import Crsid, claimed

Claims = Mapping[str, Any]


@attrs.frozen
class SignedInPerson:
    """What we take from an identity provider about somebody who signed in."""

    issuer: str
    subject: str = attrs.field(repr=False)
    second_factor: bool
    crsid: Crsid | None


@attrs.frozen
class Preset:
    """How one kind of identity provider speaks."""

    scopes: tuple[str, ...]
    # Nothing outside this list is a signature to us: not `none`, and no shared secret.
    algorithms: tuple[str, ...]
    # Whether its certificate comes from the public authorities, or from our own.
    public: bool
    second_factor: Callable[[Claims], bool]
    crsid_claim: str
    # A claim that has to have exactly this value, if any.
    required: Mapping[str, str] = attrs.field(factory=dict)

    def person(self, claims: Claims) -> SignedInPerson | None:
        """Return who the verified *claims* are about; None if they are not from our people."""
        if any(claims.get(name) != value for name, value in self.required.items()):
            return None
        return SignedInPerson(
            issuer=str(claims["iss"]),
            subject=str(claims["sub"]),
            second_factor=self.second_factor(claims),
            crsid=claimed(str(claims.get(self.crsid_claim) or "")),
        )


def _claim_says_so(claims: Claims) -> bool:
    # OpenBao's templates give the text "true", not the JSON value.
    return claims.get("second_factor") in (True, "true")


def _method_says_so(claims: Claims) -> bool:
    methods = claims.get("amr")
    return isinstance(methods, list) and "mfa" in methods


PRESETS: dict[str, Preset] = {
    # OpenBao's own provider, part of the local stack.
    "embedded": Preset(
        scopes=("openid", "sas"),
        algorithms=("EdDSA", "ES256", "RS256"),
        public=False,
        second_factor=_claim_says_so,
        crsid_claim="preferred_username",
    ),
    # The University's Entra ID; `amr` (RFC 8176) holds `mfa` after a second factor.
    "entra": Preset(
        scopes=("openid", "profile"),
        algorithms=("RS256",),
        public=True,
        second_factor=_method_says_so,
        crsid_claim="preferred_username",
    ),
    # Raven, which is Google sign-in kept to the University's domain. It tells of no second
    # factor, so no staff member can work with a session from here.
    "raven": Preset(
        scopes=("openid", "email"),
        algorithms=("RS256",),
        public=True,
        second_factor=lambda claims: False,
        crsid_claim="email",
        required={"hd": "cam.ac.uk"},
    ),
}

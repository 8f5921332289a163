"""
Passkeys: what somebody signs with a key that never leaves their own device (WebAuthn Level 3).

Shared because one service keeps the passkeys, another has to believe a signature, and whoever
checks it years later needs neither of them. What is signed is the challenge: whoever asks makes it
the digest of exactly what is agreed to, so that a signature is good for that and for nothing else.

Of the maker of a device nothing is asked (attestation "none"), and nothing is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, Protocol

import attrs
from sas.common.v1 import passkey_pb2
from webauthn import (
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
"""What browsers, telephones and security keys have; in the order of our liking."""

NEUTRAL = "account"
"""What a device shows beside the key. Whoever looks over a shoulder learns nothing from it."""


class PasskeyRefused(Exception):
    """It is not what was asked for, or not from that key, or not at our pages."""


@attrs.frozen
class RelyingParty:
    """For whom passkeys are: a domain, and the pages at which they may be used."""

    id: str = ""
    origins: tuple[str, ...] = ()
    """None at all: no passkey is made, and none is believed."""


@attrs.frozen
class Passkey:
    """The public half of a key on somebody's device."""

    credential_id: bytes
    public_key: bytes
    """As COSE (RFC 9053)."""

    @property
    def thumbprint(self) -> str:
        """Name the key by a digest of all that is in it, as RFC 7638 names a JWK."""
        return base64url(hashlib.sha256(_canonical(attrs.asdict(self))).digest())


@attrs.frozen
class PasskeySignature:
    """One signature by a passkey, with all that it takes to check it: the assertion of WebAuthn."""

    passkey: Passkey
    authenticator_data: bytes
    client_data_json: bytes
    signature: bytes

    def to_json(self) -> bytes:
        """Write it in one spelling, to keep and to give away; there is nobody's word in it."""
        parts = attrs.asdict(self, recurse=False)
        return _canonical(attrs.asdict(parts.pop("passkey")) | parts)

    @classmethod
    def from_json(cls, written: bytes) -> PasskeySignature:
        """
        Read what `to_json` has written.

        Raises:
            ValueError: it is nothing of the kind.
        """
        try:
            parts = {name: _from_base64url(text) for name, text in json.loads(written).items()}
            passkey = Passkey(parts.pop("credential_id"), parts.pop("public_key"))
            return cls(passkey, **parts)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("it is no signature of a passkey") from error

    @property
    def sha256(self) -> str:
        """Its digest, in hexadecimal."""
        return hashlib.sha256(self.to_json()).hexdigest()


class MayBeSigned(Protocol):
    """A request that a passkey may have signed."""

    @property
    def signature(self) -> passkey_pb2.PasskeySignature:
        """What came with it."""

    def HasField(self, field_name: Any) -> bool:
        """Whether it came."""


def signature_in(request: MayBeSigned) -> PasskeySignature | None:
    """Give the signature that came with a request, if one did."""
    if not request.HasField("signature"):
        return None
    said = request.signature
    return PasskeySignature(
        Passkey(said.credential_id, said.public_key),
        authenticator_data=said.authenticator_data,
        client_data_json=said.client_data_json,
        signature=said.signature,
    )


def verified(
    signed: PasskeySignature, challenge: bytes, party: RelyingParty, last_count: int = 0
) -> int:
    """
    See to it that a passkey signed exactly *challenge*, at one of our pages, for its verified user.

    Args:
        signed: what came.
        challenge: what had to be signed.
        party: who we are.
        last_count: the counter of the last signature by this key that we know of.

    Returns:
        The key's counter; it stays 0 for keys that have none, such as those kept in a cloud.

    Raises:
        PasskeyRefused: anything is otherwise, a counter that did not move on included (a copy).
    """
    credential = AuthenticationCredential(
        id=base64url(signed.passkey.credential_id),
        raw_id=signed.passkey.credential_id,
        response=AuthenticatorAssertionResponse(
            client_data_json=signed.client_data_json,
            authenticator_data=signed.authenticator_data,
            signature=signed.signature,
        ),
    )
    try:
        done = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=signed.passkey.public_key,
            credential_current_sign_count=last_count,
            require_user_verification=True,
        )
        _not_inside_another_page(signed.client_data_json)
    except Exception as error:  # it reads what a stranger sends: whatever goes wrong is a no
        raise PasskeyRefused from error
    return done.new_sign_count


def creation_options(
    party: RelyingParty, challenge: bytes, handle: bytes, known: list[bytes]
) -> str:
    """
    Write what `navigator.credentials.create` needs, as JSON.

    Neither the name of the party nor that of the account says what it is for or whose: devices
    show both, and keep them.

    Args:
        party: who we are.
        challenge: to be signed, once.
        handle: tells one account of ours from another, on the device; random.
        known: the credential ids that there are already, so that a device makes no second one.
    """
    return options_to_json(
        generate_registration_options(
            rp_id=party.id,
            rp_name=party.id,
            user_id=handle,
            user_name=NEUTRAL,
            user_display_name=NEUTRAL,
            challenge=challenge,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
            supported_pub_key_algs=ALGORITHMS,
        )
    )


def registered(
    client_data_json: bytes, attestation_object: bytes, challenge: bytes, party: RelyingParty
) -> tuple[Passkey, int]:
    """
    Give the passkey that a device has just made, and its counter.

    Raises:
        PasskeyRefused: it was made for something else, elsewhere, without verifying its user, or
            comes with a word about the device's maker, for which nobody asked.
    """
    try:
        # Before the library goes through chains of certificates that nobody asked for.
        if parse_attestation_object(attestation_object).fmt != AttestationFormat.NONE:
            raise ValueError("attested")
        made = verify_registration_response(
            credential=RegistrationCredential(
                id="",  # it is inside of what is verified
                raw_id=b"",
                response=AuthenticatorAttestationResponse(client_data_json, attestation_object),
            ),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
        _not_inside_another_page(client_data_json)
    except Exception as error:  # as above
        raise PasskeyRefused from error
    return Passkey(made.credential_id, made.credential_public_key), made.sign_count


def base64url(data: bytes) -> str:
    """Spell *data* as WebAuthn does (RFC 4648, section 5, without padding)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _canonical(parts: dict[str, Any]) -> bytes:
    spelled = {name: base64url(data) for name, data in parts.items()}
    return json.dumps(spelled, sort_keys=True, separators=(",", ":")).encode()


def _not_inside_another_page(client_data_json: bytes) -> None:
    """See to it that it was signed at our page itself, and not in a frame of somebody else's."""
    if json.loads(client_data_json).get("crossOrigin", False):
        raise ValueError("cross-origin")

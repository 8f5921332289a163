"""Certificates for mutual TLS: an intermediate authority in Vault, signed by the stack's root."""

from __future__ import annotations

from deploy.certificates import INTERMEDIATE_DAYS, sign_intermediate
from deploy.state import State
from deploy.vault.operator import Operator

PEERS = ("identity", "cases", "consent", "reports", "gateway", "stack")
"""Who has a certificate; `stack` is the supervisor asking for readiness."""

TRUST_DOMAIN = "sas"
LIFETIME = "1h"


def set_up(operator: Operator, state: State) -> None:
    """Make the intermediate authority and a role for each peer."""
    if "pki" not in operator.mounted("mounts"):
        operator.write(
            "sys/mounts/pki", type="pki", config={"max_lease_ttl": f"{INTERMEDIATE_DAYS * 24}h"}
        )
    if not operator.names("pki/issuers"):
        make_authority(operator, state)
    for peer in PEERS:
        operator.write(
            f"pki/roles/{peer}",
            allowed_uri_sans=[f"spiffe://{TRUST_DOMAIN}/{peer}"],
            # The second is what a gRPC client compares: `localhost` does not tell services apart.
            allowed_domains=["localhost", f"{peer}.{TRUST_DOMAIN}.internal"],
            allow_bare_domains=True,
            allow_ip_sans=True,
            require_cn=False,
            key_type="ec",
            key_bits=256,
            key_usage=["DigitalSignature"],
            ttl=LIFETIME,
            max_ttl=LIFETIME,
            # An hour is shorter than any list of revoked certificates would be read.
            no_store=True,
        )


def make_authority(operator: Operator, state: State) -> None:
    """Make the intermediate's key inside Vault, where it stays, and have the root sign it."""
    request = operator.write(
        "pki/intermediate/generate/internal",
        common_name="sas services",
        key_type="ec",
        key_bits=256,
    )
    signed = operator.write(
        "pki/intermediate/set-signed", certificate=sign_intermediate(state, request["csr"])
    )
    # The root came along as an issuer too; only the one with a key can issue.
    issuer = next(name for name, key in signed["mapping"].items() if key)
    operator.write("pki/config/issuers", default=issuer)

"""
The embedded identity provider: OpenBao's own OpenID Connect provider, for a stack without another.

Staff sign in with a password and a one-time code (TOTP, RFC 6238), students with a password. Where
somebody signs in decides: Vault lets nobody in at the mount `staff` without a code, and everybody
who is there is only there. So the claim `second_factor` is true exactly for those who gave one.

A university's own provider takes this one's place by identity's settings alone.
"""

from __future__ import annotations

import json
import secrets
from typing import TypedDict
from urllib.parse import parse_qs, urlsplit

from deploy.state import State, write_private
from deploy.vault import server
from deploy.vault.operator import Operator, signed_in

ACCOUNTS_SECRET = "secrets/idp-accounts.json"  # noqa: S105 (a file's name)
CLIENT = "identity"
CLIENT_SECRET = "secret/data/oidc/identity"  # noqa: S105 (a path in Vault)

WITH_CODE = "staff"
"""The mount that enforces TOTP."""
PASSWORD_ONLY = "students"  # noqa: S105 (a mount's name)

REDIRECT_URIS = ("http://127.0.0.1/callback",)
"""Where a sign-in may come back to: the staff command, on any port (RFC 8252, section 7.3)."""

PEOPLE = {
    "ada": ("staff", True),
    "grace": ("staff", True),
    "mary": ("staff", True),
    "joan": ("staff", False),
    "student-one": ("student", False),
    "student-two": ("student", False),
    "zao23": ("student", False),
    "someone": ("other", False),
}
"""Who can sign in at a new stack: username, kind, and whether with a second factor."""

CLAIMS = """{
  "preferred_username": {{identity.entity.name}},
  "kind": {{identity.entity.metadata.kind}},
  "second_factor": {{identity.entity.metadata.second_factor}}
}"""
"""The scope `sas`. Vault puts the quotes; all three are texts, `second_factor` too."""


class Account(TypedDict, total=False):
    """What `secrets/idp-accounts.json` holds about somebody, so that tests can sign in."""

    password: str
    subject: str
    issuer: str
    kind: str
    mount: str
    totp_secret: str


def issuer(state: State) -> str:
    """Return the provider's name, as it stands in its tokens."""
    return f"{server.url(state)}/v1/identity/oidc/provider/sas"


def set_up(operator: Operator, state: State) -> None:
    """Make the ways to sign in, the provider, identity's client of it, and the first people."""
    make_mounts(operator)
    enforce_codes(operator)
    make_provider(operator, state)
    for username, (kind, second_factor) in PEOPLE.items():
        make_account(operator, state, username, None, kind, second_factor)


def add_account(
    state: State, username: str, password: str, kind: str, second_factor: bool
) -> tuple[str, str | None]:
    """
    Let somebody sign in, and note their credentials in `secrets/idp-accounts.json`.

    Args:
        state: the stack.
        username: also the claim `preferred_username`.
        password: for whoever has none yet; an account that exists stays as it is.
        kind: `staff` or `student`, for the claim `kind`; it gives no right to anything.
        second_factor: whether they sign in with a one-time code too.

    Returns:
        The claim `sub`, and the secret for the one-time codes, if any.
    """
    with signed_in(state) as operator:
        account = make_account(operator, state, username, password, kind, second_factor)
    return account["subject"], account.get("totp_secret")


def make_mounts(operator: Operator) -> None:
    """Mount the two ways to sign in, with a lock after five wrong passwords."""
    for mount in (WITH_CODE, PASSWORD_ONLY):
        if mount not in operator.mounted("auth"):
            operator.write(f"sys/auth/{mount}", type="userpass")
        operator.write(
            f"sys/auth/{mount}/tune",
            listing_visibility="unauth",  # the sign-in page offers it
            user_lockout_config={"lockout_threshold": "5", "lockout_duration": "15m"},
        )


def enforce_codes(operator: Operator) -> None:
    """Let nobody sign in at `staff` without a one-time code, and nobody guess codes quickly."""
    if not operator.names("identity/mfa/method/totp"):
        operator.write("identity/mfa/method/totp", issuer="sas", max_validation_attempts=5)
    operator.write(
        "identity/mfa/login-enforcement/staff",
        mfa_method_ids=[method(operator)],
        auth_method_accessors=[accessor(operator, WITH_CODE)],
    )
    operator.write("sys/quotas/rate-limit/mfa", path="sys/mfa/validate", rate=5, interval="1s")


def make_provider(operator: Operator, state: State) -> None:
    """Make the provider and its one client, whose secret goes where identity reads it."""
    operator.write("identity/oidc/scope/sas", template=CLAIMS)
    operator.write(
        "identity/oidc/key/sas",
        algorithm="EdDSA",
        rotation_period="24h",
        verification_ttl="24h",
        allowed_client_ids=["*"],
    )
    operator.write(
        f"identity/oidc/client/{CLIENT}",
        key="sas",
        client_type="confidential",
        redirect_uris=list(REDIRECT_URIS),
        assignments=["allow_all"],
        id_token_ttl="5m",  # noqa: S106 (a time)
        access_token_ttl="5m",  # noqa: S106
    )
    client = operator.read(f"identity/oidc/client/{CLIENT}") or {}
    operator.write(
        "identity/oidc/provider/sas",
        issuer=server.url(state),
        allowed_client_ids=[client["client_id"]],
        scopes_supported=["sas"],
    )
    operator.write(
        CLIENT_SECRET,
        data={
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "issuer": issuer(state),
        },
    )


def make_account(
    operator: Operator,
    state: State,
    username: str,
    password: str | None,
    kind: str,
    second_factor: bool,
) -> Account:
    """Make an account unless both Vault and our notes have it; without a password, invent one."""
    accounts = known_accounts(state)
    entity = operator.read(f"identity/entity/name/{username}")
    known = accounts.get(username)
    if known is not None and entity is not None and entity["id"] == known["subject"]:
        return known
    mount = WITH_CODE if second_factor else PASSWORD_ONLY
    account = Account(
        password=password or secrets.token_urlsafe(16),
        subject=make_entity(operator, username, mount, kind, second_factor),
        issuer=issuer(state),
        kind=kind,
        mount=mount,
    )
    if second_factor:
        account["totp_secret"] = make_totp_secret(operator, account["subject"])
    # The way in comes last, so that nobody gets in half made.
    operator.write(
        f"auth/{mount}/users/{username}",
        password=account["password"],
        token_policies=["sign-in"],
        token_no_default_policy=True,
        token_ttl="2m",  # noqa: S106 (a time)
        token_max_ttl="2m",  # noqa: S106
    )
    accounts[username] = account
    write_private(state / ACCOUNTS_SECRET, json.dumps(accounts, indent=2))
    return account


def make_entity(
    operator: Operator, username: str, mount: str, kind: str, second_factor: bool
) -> str:
    """Make the person behind an account, known at one mount only, and return their id."""
    about = {"kind": kind, "second_factor": "true" if second_factor else "false"}
    operator.write("identity/entity", name=username, metadata=about)
    entity = operator.read(f"identity/entity/name/{username}") or {}
    subject: str = entity["id"]
    for alias in entity["aliases"] or ():
        operator.delete(f"identity/entity-alias/id/{alias['id']}")
    operator.write(
        "identity/entity-alias",
        name=username,
        canonical_id=subject,
        mount_accessor=accessor(operator, mount),
    )
    return subject


def make_totp_secret(operator: Operator, subject: str) -> str:
    """Make the secret for somebody's one-time codes, in place of an earlier one."""
    operator.write(
        "identity/mfa/method/totp/admin-destroy", method_id=method(operator), entity_id=subject
    )
    made = operator.write(
        "identity/mfa/method/totp/admin-generate", method_id=method(operator), entity_id=subject
    )
    return parse_qs(urlsplit(made["url"]).query)["secret"][0]


def known_accounts(state: State) -> dict[str, Account]:
    """Return the accounts we have noted, by username."""
    file = state / ACCOUNTS_SECRET
    return json.loads(file.read_text()) if file.exists() else {}


def method(operator: Operator) -> str:
    """Return the id of the one MFA method there is."""
    return operator.names("identity/mfa/method/totp")[0]


def accessor(operator: Operator, mount: str) -> str:
    """Return how Vault calls the mount *mount* of a way to sign in."""
    mounts = operator.read("sys/auth") or {}
    found: str = mounts[f"{mount}/"]["accessor"]
    return found

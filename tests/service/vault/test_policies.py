"""
What each process can't do in Vault, tried with its own token.

"Stealing one service, its database or its Vault token opens nothing": cases and identity seal and
can't open, consent opens and holds no ciphertext, and nobody can change that.
"""

from __future__ import annotations

import base64
import uuid

import attrs
import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidRequest

from deploy.state import State
from deploy.vault import operator
from deploy.vault.launch import wrapped_secret_id
from deploy.vault.operator import signed_in
from deploy.vault.roles import LAUNCHERS, PROCESSES
from tests.service.vault.conftest import Processes

CONTEXT = base64.b64encode(b"notes/1").decode()
NEW = str(uuid.uuid4())
SERVES = ("identity-serve", "cases-serve", "consent-serve", "reports-serve")
EVERYBODY = (*PROCESSES, *LAUNCHERS)
RECORDS = (
    "case",
    "enquiry",
    "registration",
    "monitoring",
    "breach",
    "incident",
    "third-party",
    "name-request",
)


@attrs.frozen
class Record:
    """A case's record with a key, and a data key wrapped by it."""

    uuid: str
    wrapped: str


@pytest.fixture(scope="module")
def record(processes: Processes) -> Record:
    cases = processes.vault("cases-serve")
    name = str(uuid.uuid4())
    cases.create_record_key("rk-case", name)
    return Record(name, cases.new_data_key("rk-case", name, "notes/1").wrapped)


def attempt(client: hvac.Client, asked: str, body: dict[str, object], record: Record) -> None:
    method, _, path = asked.partition(" ")
    path = path.format(record=record.uuid, new=NEW)
    filled = {
        k: v.format(wrapped=record.wrapped) if isinstance(v, str) else v for k, v in body.items()
    }
    client.adapter.request(method, f"/v1/{path}", json=filled or None)


DECRYPT: dict[str, object] = {"ciphertext": "{wrapped}", "context": CONTEXT}
ATTACKS: list[tuple[str, str, dict[str, object]]] = [
    # cases seals; whoever takes it over can't open, and can't get hold of a key
    ("cases-serve", "POST rk-case/decrypt/{record}", DECRYPT),
    ("cases-serve", "POST rk-case/rewrap/{record}", DECRYPT),
    ("cases-serve", "GET rk-case/export/encryption-key/{record}", {}),
    ("cases-serve", "GET rk-case/backup/{record}", {}),
    ("cases-serve", "GET rk-case/keys/{record}", {}),
    ("cases-serve", "LIST rk-case/keys", {}),
    ("cases-serve", "POST rk-case/keys/{record}/config", {"exportable": True}),
    ("cases-serve", "POST rk-case/keys/{record}/config", {"allow_plaintext_backup": True}),
    ("cases-serve", "POST rk-case/keys/{new}", {"derived": True, "exportable": True}),
    ("cases-serve", "POST rk-case/keys/{new}", {"derived": True, "allow_plaintext_backup": True}),
    ("cases-serve", "POST rk-case/keys/{new}", {"derived": True, "convergent_encryption": True}),
    ("cases-serve", "POST rk-case/keys/{new}", {"derived": False}),
    ("cases-serve", "POST rk-case/keys/{new}", {}),
    ("cases-serve", "POST rk-case/keys/{new}/import", {"ciphertext": "x"}),
    ("cases-serve", "POST rk-case/restore/{new}", {"backup": "x"}),
    # ... nor bring a destroyed one back under its name, nor destroy one
    ("cases-serve", "POST rk-case/encrypt/{new}", {"plaintext": CONTEXT, "context": CONTEXT}),
    ("cases-serve", "POST rk-case/encrypt/{record}", {"plaintext": CONTEXT, "context": CONTEXT}),
    ("cases-serve", "POST rk-case/keys/{record}/config", {"deletion_allowed": True}),
    ("cases-serve", "DELETE rk-case/keys/{record}", {}),
    ("cases-serve", "DELETE rk-case/keys/{record}/soft-delete", {}),
    ("cases-serve", "POST rk-case/keys/{record}/rotate", {}),
    # ... nor do another service's part
    ("cases-serve", "POST rk-registration/keys/{new}", {"derived": True}),
    ("cases-serve", "POST rk-registration/datakey/plaintext/{record}", {"context": CONTEXT}),
    ("cases-serve", "POST ix/hmac/crsid-2026/sha2-256", {"input": CONTEXT}),
    ("cases-serve", "POST facts/decrypt/cohort-2026", {"ciphertext": "vault:v1:x"}),
    ("cases-serve", "POST post/decrypt/replies", {"ciphertext": "vault:v1:x"}),
    ("cases-serve", "POST post/encrypt/replies", {"plaintext": CONTEXT}),
    ("cases-serve", "POST tokens/sign/gate", {"input": CONTEXT}),
    ("cases-serve", "POST tokens/sign/caller", {"input": CONTEXT}),
    ("cases-serve", "POST ledger/sign/ledger", {"input": CONTEXT}),
    ("cases-serve", "GET secret/data/oidc/identity", {}),
    ("cases-serve", "GET secret/data/rabbitmq/cases-work", {}),
    # the one that disposes can neither seal nor open, nor make a key leave
    ("cases-work", "POST rk-case/decrypt/{record}", DECRYPT),
    ("cases-work", "POST rk-case/datakey/plaintext/{record}", {"context": CONTEXT}),
    ("cases-work", "POST rk-case/keys/{new}", {"derived": True}),
    ("cases-work", "POST rk-case/keys/{record}/config", {"exportable": True}),
    (
        "cases-work",
        "POST rk-case/keys/{record}/config",
        {"deletion_allowed": True, "exportable": True},
    ),
    ("cases-work", "GET rk-case/export/encryption-key/{record}", {}),
    ("cases-work", "POST post/encrypt/replies", {"plaintext": CONTEXT}),
    ("cases-work", "DELETE rk-registration/keys/{record}", {}),
    ("cases-work", "POST pki/issue/cases", {"alt_names": "localhost"}),
    # consent opens; it makes no key that it could seal something of its own with
    ("consent-serve", "POST rk-case/datakey/plaintext/{record}", {"context": CONTEXT}),
    ("consent-serve", "POST rk-case/datakey/wrapped/{record}", {"context": CONTEXT}),
    ("consent-serve", "POST rk-case/encrypt/{record}", {"plaintext": CONTEXT, "context": CONTEXT}),
    ("consent-serve", "POST rk-case/keys/{new}", {"derived": True}),
    ("consent-serve", "POST rk-case/keys/{record}/config", {"deletion_allowed": True}),
    ("consent-serve", "DELETE rk-case/keys/{record}", {}),
    ("consent-serve", "GET rk-case/export/encryption-key/{record}", {}),
    ("consent-serve", "POST facts/decrypt/cohort-2026", {"ciphertext": "vault:v1:x"}),
    ("consent-serve", "POST tokens/sign/caller", {"input": CONTEXT}),
    ("consent-serve", "POST ledger/keys/ledger/rotate", {}),
    ("consent-serve", "POST ix/hmac/account/sha2-256", {"input": CONTEXT}),
    ("consent-work", "POST rk-case/decrypt/{record}", DECRYPT),
    ("consent-work", "POST tokens/sign/caller", {"input": CONTEXT}),
    # identity knows who somebody is, and nothing of what they said
    ("identity-serve", "POST rk-registration/decrypt/{record}", DECRYPT),
    ("identity-serve", "POST rk-third-party/decrypt/{record}", DECRYPT),
    ("identity-serve", "POST rk-case/decrypt/{record}", DECRYPT),
    ("identity-serve", "POST rk-case/datakey/plaintext/{record}", {"context": CONTEXT}),
    ("identity-serve", "POST facts/decrypt/cohort-2026", {"ciphertext": "vault:v1:x"}),
    ("identity-serve", "POST facts/encrypt/cohort-1901", {"plaintext": CONTEXT}),
    ("identity-serve", "GET ix/export/hmac-key/crsid-2026", {}),
    ("identity-serve", "GET tokens/export/signing-key/caller", {}),
    ("identity-serve", "POST ledger/sign/ledger", {"input": CONTEXT}),
    ("identity-serve", "POST identity/entity", {"name": "somebody"}),
    ("identity-serve", "POST auth/staff/users/somebody", {"password": "x"}),
    ("identity-serve", "GET identity/oidc/client/identity", {}),
    ("identity-work", "POST ix/hmac/account/sha2-256", {"input": CONTEXT}),
    # reports knows facts without names, and can't make one up nor find out whose it is
    ("reports-serve", "POST rk-case/decrypt/{record}", DECRYPT),
    ("reports-serve", "POST rk-monitoring/decrypt/{record}", DECRYPT),
    ("reports-serve", "POST facts/encrypt/cohort-2026", {"plaintext": CONTEXT}),
    ("reports-serve", "POST ix/hmac/pseudonym/sha2-256", {"input": CONTEXT}),
    ("reports-serve", "POST ix/hmac/crsid-2026/sha2-256", {"input": CONTEXT}),
    ("reports-work", "POST facts/decrypt/cohort-2026", {"ciphertext": "vault:v1:x"}),
    # migrations have their tables, the gateway its certificate
    ("cases-migrate", "GET database/creds/cases-serve", {}),
    ("cases-migrate", "POST rk-case/datakey/plaintext/{record}", {"context": CONTEXT}),
    ("gateway", "POST pki/issue/identity", {"alt_names": "localhost"}),
    ("gateway", "POST tokens/sign/caller", {"input": CONTEXT}),
    ("gateway", "GET tokens/keys/caller", {}),
    ("gateway", "GET secret/data/oidc/identity", {}),
    ("gateway", "GET database/creds/identity-serve", {}),
    # the launcher hands out what it can't use unnoticed, and nothing else
    ("launcher", "POST auth/approle/role/consent-serve/secret-id", {}),
    ("launcher", "POST auth/approle/role/consent-serve/custom-secret-id", {"secret_id": "x"}),
    ("launcher", "LIST auth/approle/role/consent-serve/secret-id", {}),
    ("launcher", "GET auth/approle/role/consent-serve", {}),
    ("launcher", "POST auth/approle/role/consent-serve", {"secret_id_num_uses": 0}),
    ("launcher", "POST auth/approle/role/consent-serve/policies", {"token_policies": "operator"}),
    ("launcher", "POST rk-case/decrypt/{record}", DECRYPT),
    ("launcher", "POST pki/issue/consent", {"alt_names": "localhost"}),
    ("stack", "POST pki/issue/consent", {"alt_names": "localhost"}),
    ("stack", "POST auth/approle/role/consent-serve/secret-id", {}),
    ("stack", "POST rk-case/decrypt/{record}", DECRYPT),
]


@pytest.mark.parametrize(
    ("role", "asked", "body"), ATTACKS, ids=[f"{r} {a} {','.join(b)}" for r, a, b in ATTACKS]
)
def test_what_is_not_granted_is_refused(
    processes: Processes, record: Record, role: str, asked: str, body: dict[str, object]
) -> None:
    client = processes.client(role)
    with pytest.raises(Forbidden):
        attempt(client, asked, body, record)
    assert client.auth.token.lookup_self()["data"]["path"], "it was no longer signed in"


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize(
    "asked",
    [
        "POST sys/policies/acl/{new}",
        "POST sys/mounts/{new}",
        "POST sys/auth/{new}",
        "POST auth/token/create",
        "POST auth/approle/role/{new}",
        "POST auth/operators/users/{new}",
        "GET sys/storage/raft/snapshot",
        "POST sys/storage/raft/snapshot-force",
        "POST sys/rotate/recovery/init",
        "POST sys/seal",
        "POST sys/config/auditing/request-headers/traceparent",
        "POST pki/root/sign-intermediate",
        "POST sys/leases/revoke-prefix/database/creds",
        "GET secret/metadata",
    ],
)
def test_no_process_can_set_vault_up(
    processes: Processes, record: Record, role: str, asked: str
) -> None:
    client = processes.client(role)
    with pytest.raises(Forbidden):
        attempt(client, asked, {}, record)
    assert client.auth.token.lookup_self()["data"]["path"], "it was no longer signed in"


SEALS = {
    "identity-serve": ("registration", "monitoring", "third-party"),
    "cases-serve": ("case", "enquiry", "breach", "incident", "name-request"),
}
"""Of which kinds of records each makes the keys, and seals with them."""


@pytest.mark.parametrize(
    ("role", "kind"), [(role, kind) for role, kinds in SEALS.items() for kind in kinds]
)
@pytest.mark.parametrize(
    "asked", [{}, {"derived": False}, {"derived": True, "exportable": True}], ids=str
)
def test_no_key_of_a_record_can_be_made_that_could_leave(
    processes: Processes, record: Record, role: str, kind: str, asked: dict[str, object]
) -> None:
    """R23: each kind of record, also those that came later."""
    with pytest.raises(Forbidden):
        attempt(processes.client(role), f"POST rk-{kind}/keys/{NEW}", asked, record)


@pytest.mark.parametrize("kind", sorted({*SEALS["cases-serve"]} - {"incident"}))
def test_whoever_disposes_of_a_key_makes_none_leave(
    processes: Processes, record: Record, kind: str
) -> None:
    """R23, R27: a key may be allowed to be deleted, and nothing else."""
    path = f"rk-{kind}/keys/{NEW}/config"
    for asked in ("exportable", "allow_plaintext_backup"):
        with pytest.raises(Forbidden):
            attempt(processes.client("cases-work"), f"POST {path}", {asked: True}, record)


def granted() -> dict[str, set[str]]:
    """What each process may do, as the table of the design has it; all else is denied."""
    table: dict[str, set[str]] = {role: set() for role in EVERYBODY}
    for role, kinds in SEALS.items():
        for kind in kinds:
            table[role] |= {f"rk-{kind}/keys/{NEW}", f"rk-{kind}/datakey/plaintext/{NEW}"}
    # Accidents in a record of their own are not disposed of yet (docs/policy.md, R27).
    for kind in set(SEALS["cases-serve"]) - {"incident"}:
        table["cases-work"] |= {f"rk-{kind}/keys/{NEW}", f"rk-{kind}/keys/{NEW}/config"}
    table["consent-serve"] |= {f"rk-{kind}/decrypt/{NEW}" for kind in RECORDS}
    table["identity-serve"] |= {
        f"ix/hmac/{key}/sha2-256" for key in ("crsid-2026", "account", "third-party", "pseudonym")
    } | {"facts/encrypt/cohort-2026", "tokens/sign/caller", "secret/data/oidc/identity"}
    table["cases-serve"] |= {"ix/hmac/pseudonym/sha2-256", "facts/encrypt/cohort-2026"}
    table["cases-serve"] |= {"post/encrypt/replies"}
    table["cases-work"] |= {"post/decrypt/replies", "post/decrypt/staff"}
    table["identity-serve"] |= {"post/encrypt/staff"}
    table["reports-serve"] |= {"facts/decrypt/cohort-2026"}
    table["consent-serve"] |= {"tokens/sign/gate", "tokens/keys/gate"}
    for role in ("cases-serve", "reports-serve"):
        table[role] |= {"tokens/keys/gate"}
    for role in ("consent-serve", "consent-work"):
        table[role] |= {"ledger/sign/ledger", "ledger/keys/ledger"}
    for role in SERVES:
        service = role.removesuffix("-serve")
        table[role] |= {"tokens/keys/caller", f"pki/issue/{service}", f"database/creds/{role}"}
        table[f"{service}-work"] |= {
            f"database/creds/{service}-work",
            f"secret/data/rabbitmq/{service}-work",
        }
        table[f"{service}-migrate"] |= {f"database/creds/{service}-migrate"}
    table["gateway"] |= {"pki/issue/gateway"}
    table["stack"] |= {"pki/issue/stack", "canary/hmac/canary/sha2-256"}
    table["launcher"] |= {f"auth/approle/role/{role}/secret-id" for role in EVERYBODY}
    return table


@pytest.mark.parametrize("role", EVERYBODY)
def test_each_process_may_do_its_own_part_and_nothing_of_anothers(
    state: State, processes: Processes, role: str
) -> None:
    """Every path that anybody may use, tried for everybody."""
    everything = sorted(set().union(*granted().values()))
    with signed_in(state) as setting_up:
        found = setting_up.write(
            "sys/capabilities", token=processes.client(role).token, paths=everything
        )
    may = {path for path in everything if found[path] != ["deny"]}
    assert may == granted()[role]


def test_what_is_granted_works(processes: Processes) -> None:
    """A key is made, an item sealed by one and opened by the other, and the key destroyed."""
    cases, consent = processes.vault("cases-serve"), processes.vault("consent-serve")
    worker, name = processes.vault("cases-work"), str(uuid.uuid4())

    cases.create_record_key("rk-case", name)
    key = cases.new_data_key("rk-case", name, "notes/1")

    assert consent.unwrap_keys("rk-case", name, [("notes/1", key.wrapped)]) == [key.plaintext]
    assert worker.record_key_exists("rk-case", name)
    worker.destroy_record_key("rk-case", name)
    assert not worker.record_key_exists("rk-case", name)


def test_a_wrapped_secret_id_opens_once(state: State) -> None:
    wrapped = operator.connect(state, wrapped_secret_id(state, "consent-serve"))
    wrapped.sys.unwrap()
    with pytest.raises((Forbidden, InvalidRequest)):
        wrapped.sys.unwrap()


def test_a_secret_id_signs_in_once(state: State) -> None:
    wrapped = operator.connect(state, wrapped_secret_id(state, "consent-serve"))
    secret_id = wrapped.sys.unwrap()["data"]["secret_id"]
    approle = operator.connect(state).auth.approle
    approle.login("consent-serve", secret_id)
    with pytest.raises(InvalidRequest, match="invalid"):
        approle.login("consent-serve", secret_id)


def test_a_secret_id_is_for_its_own_role_only(state: State) -> None:
    wrapped = operator.connect(state, wrapped_secret_id(state, "gateway"))
    secret_id = wrapped.sys.unwrap()["data"]["secret_id"]
    with pytest.raises(InvalidRequest, match="invalid"):
        operator.connect(state).auth.approle.login("consent-serve", secret_id)


def test_nobody_holds_a_root_token(state: State) -> None:
    """The one that set up the first operators is revoked; no other was ever made."""
    with signed_in(state) as setting_up:
        accessors = setting_up.names("auth/token/accessors")
        tokens = [setting_up.write("auth/token/lookup-accessor", accessor=a) for a in accessors]
    assert tokens
    assert not [token for token in tokens if "root" in token["policies"]]


@pytest.mark.parametrize("name", ["operator-one", "operator-two"])
def test_an_operator_opens_nothing_without_changing_a_policy_first(
    state: State, record: Record, name: str
) -> None:
    """Both get in, so that losing one is no disaster; what they'd have to do leaves a line."""
    with signed_in(state, name) as setting_up:
        forbidden: list[tuple[str, dict[str, object]]] = [
            (f"rk-case/decrypt/{record.uuid}", {"ciphertext": record.wrapped, "context": CONTEXT}),
            (f"rk-case/datakey/plaintext/{record.uuid}", {"context": CONTEXT}),
            (f"rk-case/keys/{record.uuid}/config", {"exportable": True}),
            ("tokens/sign/caller", {"input": CONTEXT}),
            ("ledger/sign/ledger", {"input": CONTEXT}),
            ("ix/hmac/crsid-2026/sha2-256", {"input": CONTEXT}),
            ("facts/decrypt/cohort-2026", {"ciphertext": "vault:v1:x"}),
        ]
        for path, body in forbidden:
            with pytest.raises(Forbidden):
                setting_up.write(path, **body)


def test_what_was_handed_over_is_gone(state: State) -> None:
    """The broker's passwords are in Vault, and PostgreSQL's were changed by Vault."""
    assert not (state / "secrets/rabbitmq.json").exists()
    assert not (state / "secrets/postgres-vault-admin").exists()

"""What somebody can do who has stolen one part: a service's certificate, or its database login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import psycopg
from sas_ext import ext_authz_pb2, ext_authz_pb2_grpc

from common.caller import METADATA_KEY
from common.rpc.certificates import server_name
from deploy.demo import behind
from deploy.demo.people import Person
from deploy.state import State
from tests.kit.full_stack import FullStack


@contextmanager
def channel_as(stack: FullStack, thief_of: str, to: str) -> Iterator[grpc.Channel]:
    """Connect to the service *to* with a certificate that Vault issues to *thief_of*."""
    role = thief_of if thief_of == "gateway" else f"{thief_of}-serve"
    with behind.vault_as(stack.state, role) as vault:
        stolen = vault.issue_certificate(thief_of)
    roots = (stack.state / "tls/ca.pem").read_bytes()
    credentials = grpc.ssl_channel_credentials(roots, stolen.key_pem, stolen.chain_pem)
    with _channel(stack.state, to, credentials) as channel:
        yield channel


@contextmanager
def channel_without_certificate(stack: FullStack, to: str) -> Iterator[grpc.Channel]:
    """Connect to the service *to* as any program on the machine can."""
    roots = (stack.state / "tls/ca.pem").read_bytes()
    with _channel(stack.state, to, grpc.ssl_channel_credentials(roots)) as channel:
        yield channel


def _channel(state: State, to: str, credentials: grpc.ChannelCredentials) -> grpc.Channel:
    name = server_name(to, "sas")
    options = (("grpc.ssl_target_name_override", name), ("grpc.enable_http_proxy", 0))
    return grpc.secure_channel(f"127.0.0.1:{state.port(to)}", credentials, options)


def caller_token_of(stack: FullStack, person: Person) -> tuple[tuple[str, str], ...]:
    """Give the caller token that the gateway would put into this person's calls, as metadata."""
    request = ext_authz_pb2.CheckRequest()
    request.attributes.request.http.headers["authorization"] = f"Bearer {person.token}"
    with channel_as(stack, "gateway", "identity") as channel:
        checked = ext_authz_pb2_grpc.AuthorizationStub(channel).Check(request, timeout=5)
    headers = {each.header.key: each.header.value for each in checked.ok_response.headers}
    return ((METADATA_KEY, headers[METADATA_KEY]),)


@contextmanager
def database_as(
    stack: FullStack, role: str, database: str = ""
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Log in to the database of a process, with a login that Vault makes for it."""
    with (
        behind.vault_as(stack.state, role) as vault,
        _connect(stack.state, vault.database_login(role)[:2], database or role.split("-")[0]) as it,
    ):
        yield it


def _connect(
    state: State, login: tuple[str, str], database: str
) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host="127.0.0.1",
        port=state.port("postgres"),
        user=login[0],
        password=login[1],
        dbname=database,
        sslmode="verify-full",
        sslrootcert=str(state / "tls/ca.pem"),
        autocommit=True,
    )

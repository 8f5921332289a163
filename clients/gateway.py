"""
One connection to the gateway, as a client outside the Service's servers has it.

Nothing here can reach a service directly: there is one address, TLS, and a session token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import grpc

from common.errors import ServiceError, from_rpc_error

Stub = TypeVar("Stub")

LARGEST_MESSAGE = 8 * 1024 * 1024

# Every call has a deadline, so that a lost server never hangs a person's terminal.
SERVICE_CONFIG = json.dumps({"methodConfig": [{"name": [{}], "timeout": "30s"}]})


class Gateway:
    """A channel to the gateway, with or without a session."""

    def __init__(self, address: str, ca_file: Path, token: str | None = None) -> None:
        self.address = address
        self.ca_file = ca_file
        credentials = grpc.ssl_channel_credentials(ca_file.read_bytes())
        if token is not None:
            bearer = grpc.access_token_call_credentials(token)
            credentials = grpc.composite_channel_credentials(credentials, bearer)
        self._channel = grpc.secure_channel(
            address,
            credentials,
            options=[
                ("grpc.service_config", SERVICE_CONFIG),
                ("grpc.max_receive_message_length", LARGEST_MESSAGE),
                ("grpc.max_send_message_length", LARGEST_MESSAGE),
            ],
        )

    def stub(self, stub_class: Callable[[grpc.Channel], Stub]) -> Stub:
        """Return a stub of *stub_class* on this connection."""
        return stub_class(self._channel)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()


@contextmanager
def understood_errors() -> Iterator[None]:
    """
    Turn gRPC's errors into ours.

    Raises:
        ServiceError: with the reason that the service gave.
    """
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc_error(error) from None


__all__ = ["Gateway", "ServiceError", "understood_errors"]

"""
Calling another service: one channel for the process's life, and the caller's own errors back.

Shared because whoever calls must pass on the same three things: the deadline, the trace and the
caller token. There are no retries here: the gateway and the person have them, and a call that opens
a record must not happen twice for one click.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import grpc
import structlog
from google.protobuf.message import Message

from common import caller, errors, telemetry
from common.config import Config, ConfigError
from common.rpc.certificates import IssuesCertificates, OwnCertificate, server_name
from common.rpc.deadlines import seconds_left
from common.rpc.server import LARGEST_MESSAGE

log = structlog.get_logger(__name__)

Stub = TypeVar("Stub")

LONGEST_CALL_SECONDS = 10.0
OLD_CHANNEL_SECONDS = 60.0
"""How long calls under way may still use a channel with our earlier certificate."""


class Peer:
    """
    Another service, as `Peer(config, vault, "consent")`.

    Calls raise the ServiceError that the other service raised. TryAgain stands for a service that
    can't be reached or did not answer in time, OurFault for an answer that means nothing to us.
    """

    def __init__(self, config: Config[Any], vault: IssuesCertificates, name: str) -> None:
        """
        Prepare to call *name*; it need not be there yet.

        Raises:
            ConfigError: `[peers]` does not say where it is.
        """
        if name not in config.peers:
            raise ConfigError(f"peers.{name} is missing")
        self.name = name
        self._address = config.peers[name]
        self._server_name = server_name(name, config.trust.domain)
        self._roots = config.trust.ca_file.read_bytes()
        self._certificate = OwnCertificate(config, vault)
        self._channel = self._open()
        self._certificate.when_renewed(self._reopen)

    def stub(self, stub_class: Callable[[grpc.Channel], Stub]) -> Stub:
        """Give a stub whose calls carry deadline, trace and caller, and raise our errors."""
        return stub_class(_Calls(self))  # type: ignore[arg-type]  # all that a stub uses of a channel

    def close(self) -> None:
        """Close the channel."""
        self._certificate.close()
        self._channel.close()

    @property
    def channel(self) -> grpc.Channel:
        """The channel of now; it changes when our certificate is renewed."""
        return self._channel

    def _open(self) -> grpc.Channel:
        mine = self._certificate.current
        credentials = grpc.ssl_channel_credentials(self._roots, mine.key_pem, mine.chain_pem)
        options = (
            ("grpc.ssl_target_name_override", self._server_name),
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.max_reconnect_backoff_ms", 2_000),  # a restarted service is found again soon
            ("grpc.enable_http_proxy", 0),  # whatever the environment says
        )
        return grpc.secure_channel(self._address, credentials, options)

    def _reopen(self) -> None:
        old, self._channel = self._channel, self._open()
        later = threading.Timer(OLD_CHANNEL_SECONDS, old.close)
        later.daemon = True
        later.start()


class _Calls:
    """
    Stands where a stub expects a channel.

    A stub keeps what `unary_unary` gives it for good; so that the channel can be replaced, the real
    one is asked at each call.
    """

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def unary_unary(
        self,
        method: str,
        request_serializer: Any = None,
        response_deserializer: Any = None,
        **registered: Any,
    ) -> Callable[[Message], Message]:
        package, _, short = method.strip("/").partition("/")

        def call(request: Message) -> Message:
            with telemetry.span(f"-> {self._peer.name}.{short}", telemetry.SpanKind.CLIENT) as span:
                span.set_attribute("rpc.service", package)
                span.set_attribute("rpc.method", short)
                send = self._peer.channel.unary_unary(
                    method, request_serializer, response_deserializer
                )
                try:
                    timeout = seconds_left(LONGEST_CALL_SECONDS)
                    response: Message = send(request, timeout=timeout, metadata=_metadata())
                except grpc.RpcError as error:
                    span.set_attribute("rpc.grpc.status_code", error.code().value[0])
                    raise _between_services(errors.from_rpc_error(error)) from None
                span.set_attribute("rpc.grpc.status_code", 0)
                return response

        return call

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Streams have no steps around them, so a stub gets none: calling one fails at once."""
        return lambda *arguments, **named: None


def _metadata() -> tuple[tuple[str, str], ...]:
    who = caller.optional_caller()
    pairs = (
        ("traceparent", telemetry.traceparent()),
        (caller.METADATA_KEY, who.token if who is not None else ""),
    )
    return tuple((key, value) for key, value in pairs if value)


def _between_services(error: errors.ServiceError) -> errors.ServiceError:
    """To our caller it is all one whether the other service was away, too busy or too slow."""
    if isinstance(error, errors.TooLate | errors.TooManyCalls):
        return errors.TryAgain()
    return error

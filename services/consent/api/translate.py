"""Between protos and what the actions take: names of codes, times, pages, the calling service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from sas.common.v1.purpose_pb2 import DisclosurePurpose, Purpose
from sas.consent.v1 import consents_pb2, records_pb2

from common.caller import current_caller
from common.db import etag
from common.errors import InvalidFields
from common.pages import decode_token
from common.passkeys import base64url
from services.consent.actions.deciding import who_is
from services.consent.actions.opening import Wrapped
from services.consent.domain.agreement import challenge_of
from services.consent.domain.consent import Consent
from services.consent.domain.facts import Who
from services.consent.domain.texts import render


def caller() -> Who:
    """
    Give the caller, from the verified caller token and nothing else.

    Raises:
        SignInNeeded: there is none.
    """
    return who_is(current_caller())


def service_of(context: grpc.ServicerContext) -> str:
    """Give the service that calls, by its certificate; the access rule has let it in already."""
    names = context.auth_context().get("peer_spiffe_id", ())
    return bytes(next(iter(names), b"")).decode().rpartition("/")[2]


def purpose_code(purpose: Purpose.ValueType) -> str:
    """Give a purpose as the policy and the ledger spell it, such as `own_record`."""
    return Purpose.Name(purpose).removeprefix("PURPOSE_").lower()


def disclosure_purpose_code(purpose: DisclosurePurpose.ValueType) -> str:
    """Give a disclosure's purpose as the policy and the ledger spell it."""
    return DisclosurePurpose.Name(purpose).removeprefix("DISCLOSURE_PURPOSE_").lower()


def disclosure_purpose(code: str) -> DisclosurePurpose.ValueType:
    """Give the enum's value for a code."""
    return DisclosurePurpose.Value(f"DISCLOSURE_PURPOSE_{code.upper()}")


def wrapped(items: Iterable[records_pb2.SealedItem]) -> Sequence[Wrapped]:
    """Give the items to open."""
    return [Wrapped(each.item, each.wrapped_key) for each in items]


def data_keys(keys: Iterable[tuple[str, bytes]]) -> list[records_pb2.DataKey]:
    """Give opened data keys, in their order."""
    return [records_pb2.DataKey(item=item, key=key) for item, key in keys]


def moment(stamp: Timestamp, field: str) -> datetime:
    """
    Give the time in *field* of a request.

    Raises:
        InvalidFields: it is outside the years 1 to 9999.
    """
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidFields({field: "is no time of the calendar"}) from None


def timestamp(at: datetime | None) -> Timestamp | None:
    """Give a time for a proto; None stays None."""
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def place(token: str) -> int | None:
    """
    Give the place in the ledger that a page token stands for; None for the first page.

    Raises:
        InvalidFields: we never gave out such a token.
    """
    position = decode_token(token)
    if position and not (position.isascii() and position.isdigit() and len(position) < 19):
        raise InvalidFields({"page_token": "is not a token of ours; begin with the first page"})
    return int(position) if position else None


def code(enum: Any, value: int) -> str:
    """Give an enum's value as the policy and the ledger spell it."""
    name: str = enum.Name(value)
    return name.removeprefix(_prefix(enum)).lower()


def value(enum: Any, known: str | None) -> Any:
    """Give the enum's value for a code; 0 for none."""
    return enum.Value(f"{_prefix(enum)}{known.upper()}") if known else 0


def _prefix(enum: Any) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", enum.DESCRIPTOR.name).upper() + "_"


def entry_id(token: str) -> str | None:
    """
    Give the id of the entry that a page token stands for; None for the first page.

    Raises:
        InvalidFields: we never gave out such a token.
    """
    position = decode_token(token)
    if not position:
        return None
    try:
        return str(UUID(position))
    except ValueError:
        raise InvalidFields(
            {"page_token": "is not a token of ours; begin with the first page"}
        ) from None


def consent_proto(consent: Consent, now: datetime) -> consents_pb2.Consent:
    """Give a consent with its text, rendered anew: the same bytes for ever."""
    asked, given, confirmed = consent.asked, consent.given, consent.confirmed
    spoken, state = given.spoken if given else None, consent.state_at(now)
    return consents_pb2.Consent(
        name=asked.consent,
        student=asked.student,
        disclosure=asked.disclosure,
        recipient=asked.recipient,
        purpose=disclosure_purpose(asked.purpose),
        kind=value(consents_pb2.ConsentKind, asked.kind),
        payload_digest=asked.payload_digest,
        items=sorted(asked.items),
        state=value(consents_pb2.ConsentState, state),
        text_version=asked.text_version,
        text=render(asked.text_version, asked.purpose, asked.ends_at),
        text_sha256=asked.text_sha256,
        language=asked.language,
        ends_at=timestamp(asked.ends_at),
        given_at=timestamp(given.at if given else None),
        act=value(consents_pb2.ConsentAct, given.act if given else None),
        spoken_manner=value(consents_pb2.SpokenManner, spoken.manner if spoken else None),
        spoken_place=value(consents_pb2.SpokenPlace, spoken.place if spoken else None),
        spoken_at=timestamp(spoken.at if spoken else None),
        confirm_by=timestamp(consent.confirm_by),
        confirmed_at=timestamp(confirmed.at if confirmed else None),
        signed_with_passkey=consent.signed is not None,
        passkey_challenge=base64url(challenge_of(asked)),
        etag=etag(asked.consent, len(consent.log), state),
    )

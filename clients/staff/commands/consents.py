"""
Consents, as the staff see them. Giving one is the student's own act, not the staff's.

What a student says to a staff member is noted as just that: it counts for a week, unless the
student or a second staff member confirms it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from sas.consent.v1 import consents_pb2, consents_pb2_grpc

from clients.staff.commands import consent_proofs
from clients.staff.commands.options import write_private
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show, show_list

app = typer.Typer(help="Consents.", no_args_is_help=True)

Really = Annotated[bool, typer.Option("--really", help="Do it; without, only show.")]
SpokenAt = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H:%M"], help="When it was said; now if not given."),
]


class Manner(StrEnum):
    """How a student said yes."""

    IN_PERSON = "in-person"
    BY_TELEPHONE = "by-telephone"
    BY_VIDEO = "by-video"

    def to_proto(self) -> consents_pb2.SpokenManner.ValueType:
        """Return the proto's value."""
        return consents_pb2.SpokenManner.Value(f"SPOKEN_MANNER_{self.name}")


class Place(StrEnum):
    """Where the staff member was when the student said yes."""

    ROOM_OF_THE_SERVICE = "room-of-the-service"
    PRIVATE_PLACE = "private-place"

    def to_proto(self) -> consents_pb2.SpokenPlace.ValueType:
        """Return the proto's value."""
        return consents_pb2.SpokenPlace.Value(f"SPOKEN_PLACE_{self.name}")


def _consents() -> consents_pb2_grpc.ConsentsServiceStub:
    return stub(consents_pb2_grpc.ConsentsServiceStub)


class Form(StrEnum):
    """In what form a consent is exported."""

    DPV_RECORD = "dpv-record"
    DPV_RECEIPT = "dpv-receipt"
    FHIR_R5 = "fhir-r5"
    PASSKEY_SIGNATURE = "passkey-signature"

    def to_proto(self) -> consents_pb2.ExportForm.ValueType:
        """Return the proto's value."""
        return consents_pb2.ExportForm.Value(f"EXPORT_FORM_{self.name}")


@app.command("show")
def show_consent(consent: str, as_json: Json = False) -> None:
    """Show where a consent stands."""
    with calling():
        found = _consents().GetConsent(consents_pb2.GetConsentRequest(name=consent))
    show(found, as_json=as_json)
    if found.signed_with_passkey:
        typer.echo("Signed with the student's passkey.", err=True)


@app.command("list")
def list_consents(student: str, as_json: Json = False) -> None:
    """List a student's consents."""
    with calling():
        page = _consents().ListConsents(consents_pb2.ListConsentsRequest(student=student))
    show_list(
        page.consents,
        ["name", "state", "purpose", "recipient", "ends_at"],
        as_json=as_json,
        empty="No consents.",
    )


@app.command("note-spoken")
def note_spoken(
    consent: str,
    manner: Annotated[Manner, typer.Option(help="How it was said.")],
    place: Annotated[Place, typer.Option(help="Where you were.")] = Place.ROOM_OF_THE_SERVICE,
    spoken_at: SpokenAt = None,
    really: Really = False,
    as_json: Json = False,
) -> None:
    """Note that the student said yes to you. Preview it first, and read the text out."""
    with calling():
        found = _consents().GetConsent(consents_pb2.GetConsentRequest(name=consent))
        if really:
            found = _consents().RecordVerbalConsent(
                consents_pb2.RecordVerbalConsentRequest(
                    name=consent,
                    text_sha256=found.text_sha256,
                    payload_digest=found.payload_digest,
                    manner=manner.to_proto(),
                    place=place.to_proto(),
                    spoken_at=_stamp(spoken_at),
                )
            )
    show(found, as_json=as_json)
    if really:
        typer.echo("It counts for a week, unless the student or a colleague confirms it.", err=True)
    else:
        typer.echo("Read the text out to the student; if they say yes: add --really", err=True)


@app.command()
def witness(consent: str, really: Really = False, as_json: Json = False) -> None:
    """Stand up for a yes that a colleague noted, if you were there. Preview it first."""
    with calling():
        found = _consents().GetConsent(consents_pb2.GetConsentRequest(name=consent))
        if really:
            found = _consents().WitnessConsent(
                consents_pb2.WitnessConsentRequest(
                    name=consent,
                    text_sha256=found.text_sha256,
                    payload_digest=found.payload_digest,
                )
            )
    show(found, as_json=as_json)
    if not really:
        typer.echo("If you heard the student say yes to exactly this: add --really", err=True)


@app.command("note-withdrawal")
def note_withdrawal(consent: str, as_json: Json = False) -> None:
    """Note that the student takes it back. It works at once."""
    with calling():
        found = _consents().RecordWithdrawal(consents_pb2.RecordWithdrawalRequest(name=consent))
    show(found, as_json=as_json)


@app.command()
def export(
    consent: str,
    out: Annotated[Path, typer.Option("--out", help="Write the file here, readable by you only.")],
    form: Annotated[Form, typer.Option(help="In what form.")] = Form.DPV_RECORD,
) -> None:
    """Write a consent as a file that others can read; without a name in it."""
    with calling():
        found = _consents().ExportConsentRecord(
            consents_pb2.ExportConsentRecordRequest(name=consent, form=form.to_proto())
        )
    write_private(out, found.content.encode())
    typer.echo(f"Its SHA-256 is in the ledger, in entry {found.ledger_index}: {found.file_sha256}")


app.command("verify")(consent_proofs.verify)


def _stamp(local: datetime | None) -> Timestamp:
    stamp = Timestamp()
    said_at = local or datetime.now().replace(second=0, microsecond=0)
    stamp.FromDatetime(said_at.astimezone(UTC))
    return stamp

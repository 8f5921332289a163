"""
A student's signature, verified at your own computer, years later, without trusting the server.

The record says what was asked; what the passkey signed is made again from it. With the receipt and
its entry, the ledger's key proves that this very record and signature stood there.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from common.passkeys import PasskeyRefused, PasskeySignature, RelyingParty, verified
from services.consent.domain.agreement import challenge
from services.consent.domain.ledger.entry import parse
from services.consent.domain.ledger.note import NoteBroken, VerifierKey
from services.consent.domain.ledger.receipt import Receipt, ReceiptBroken

Read = typer.Argument(exists=True, dir_okay=False)


class NotProved(Exception):
    """What is wrong, for people."""


def verify(
    record: Annotated[Path, Read],
    signature: Annotated[Path, Read],
    page: Annotated[str, typer.Option(help="Where it was signed, as https://advice.example")],
    domain: Annotated[
        str, typer.Option(help="The passkey's domain; the page's if not given.")
    ] = "",
    receipt: Annotated[Path | None, typer.Option(exists=True)] = None,
    entry: Annotated[Path | None, typer.Option(exists=True)] = None,
    key: Annotated[
        Path | None, typer.Option(exists=True, help="The ledger's verifier key (a C2SP vkey).")
    ] = None,
) -> None:
    """
    Verify offline that the student's passkey signed exactly what a record says.

    Both files come from `sas consent export`: the record, and `--form passkey-signature`. Give
    receipt, entry and key as well to prove that the ledger says so.
    """
    try:
        signed = _signature_of(record.read_bytes(), signature.read_bytes(), page, domain)
        if receipt is not None and entry is not None and key is not None:
            _in_the_ledger(record.read_bytes(), signed, receipt, entry, key)
        elif receipt or entry or key:
            raise NotProved("receipt, entry and key are needed together")
    except (NotProved, ReceiptBroken, NoteBroken, UnicodeDecodeError) as error:
        typer.secho(f"This proves nothing: {error}.", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Signed by the passkey {signed.passkey.thumbprint}, for exactly this record.")
    if receipt is None:
        typer.echo("That it was the student's, the ledger says: give --receipt, --entry and --key.")
    else:
        typer.echo("Proved: the ledger says that it was the student's.")


def _signature_of(record: bytes, signature: bytes, page: str, domain: str) -> PasskeySignature:
    try:
        said = json.loads(record)
        process, notice = said["dpv:hasProcess"], said["dpv:hasNotice"]
        asked = challenge(
            said["dpv:hasIdentifier"],
            notice["dpv:hasIdentifier"],
            notice["sas:sha256"],
            process["sas:payloadSha256"],
        )
        digests = [each.get("sas:passkeySignatureSha256") for each in _lines(process)]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotProved("the first file is no record of a consent") from None
    try:
        signed = PasskeySignature.from_json(signature)
    except ValueError:
        raise NotProved("the second file is no signature of a passkey") from None
    if signed.sha256 not in digests:
        raise NotProved("the record does not speak of this signature")
    party = RelyingParty(domain or urlsplit(page).hostname or "", (page,))
    try:
        verified(signed, asked, party)
    except PasskeyRefused:
        raise NotProved("it is not signed for this record, at that page") from None
    return signed


def _lines(process: Any) -> list[Any]:
    return list(process["dpv:hasConsentStatus"])


def _in_the_ledger(
    record: bytes, signed: PasskeySignature, receipt: Path, entry: Path, key: Path
) -> None:
    said = entry.read_bytes()
    Receipt.parse(receipt.read_text()).verify(said, VerifierKey.parse(key.read_text().strip()))
    details = parse(said)["details"]
    if details.get("record_sha256") != hashlib.sha256(record).hexdigest():
        raise NotProved("the entry is about another record, or another line of it")
    if details.get("signature_sha256") != signed.sha256:
        raise NotProved("the entry does not speak of this signature")

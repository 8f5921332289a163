"""
The ledger, verified at your own computer, without trusting the server's word for it.

The ledger's public key and the last checkpoint you saw are kept beside your session: a server that
later shows another key, a shorter ledger or another history is found out by the next `fsck`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from sas.consent.v1 import ledger_pb2, ledger_pb2_grpc

from clients.staff import settings
from clients.staff.commands.options import write_private
from clients.staff.connection import calling, stub
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.fsck import Row, fsck
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.note import NoteBroken, VerifierKey
from services.consent.domain.ledger.receipt import Receipt, ReceiptBroken

app = typer.Typer(help="The ledger: verify it, prove an entry.", no_args_is_help=True)

KeyFile = Annotated[
    Path | None,
    typer.Option("--key", help="The ledger's verifier key (a C2SP vkey), had from elsewhere."),
]


def _ledger() -> ledger_pb2_grpc.LedgerServiceStub:
    return stub(ledger_pb2_grpc.LedgerServiceStub)


@app.command("fsck")
def check(key: KeyFile = None) -> None:
    """Verify the whole ledger against its signed checkpoint, and against the last one you saw."""
    with calling():
        served = _ledger().GetCheckpoint(ledger_pb2.GetCheckpointRequest())
        verifier = _verifier_key(served.public_key, key)
        rows = list(_entries(served.size))
    seen = _kept("ledger.checkpoint")
    checkpoints = [served.note] + ([seen.read_text()] if seen.exists() else [])
    tree = Frontier()
    for row in rows:
        tree = tree.append(leaf_hash(row.entry))
    findings = list(fsck(rows, tree, checkpoints, verifier))
    for finding in findings:
        typer.secho(str(finding).replace("_", " "), fg=typer.colors.RED)
    if findings:
        typer.echo(
            f"{len(findings)} things are wrong. Keep {seen} as evidence, and tell a trustee."
        )
        raise typer.Exit(1)
    seen.write_text(served.note)
    typer.echo(
        f"{len(rows)} entries verified: every one stands where it was committed, "
        f"and together they lead to the signed checkpoint of size {served.size}."
    )


@app.command()
def prove(index: int, out: Annotated[Path, typer.Option(help="Where to write the proof.")]) -> None:
    """Get the proof of one entry, as a tlog-proof@v1 file with the entry beside it."""
    with calling():
        found = _ledger().GetProof(ledger_pb2.GetProofRequest(index=index))
    write_private(out, found.proof.encode())
    write_private(out.with_name(out.name + ".entry"), found.entry)


@app.command("verify-receipt")
def verify_receipt(
    receipt: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    entry: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    key: Annotated[Path, typer.Option("--key", exists=True, help="The ledger's verifier key.")],
) -> None:
    """Verify a receipt offline: it proves this entry, or it does not."""
    try:
        verifier = VerifierKey.parse(key.read_text().strip())
        checkpoint = Receipt.parse(receipt.read_text()).verify(entry.read_bytes(), verifier)
    except (ReceiptBroken, NoteBroken) as error:
        typer.secho(f"This receipt proves nothing: {error}.", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    typer.echo(
        f"Proved: the entry stands in the ledger, under its checkpoint of {checkpoint.size}."
    )


def _entries(size: int) -> Iterator[Row]:
    """Fetch the entries below *size*, in order, with a progress bar in a terminal."""
    with typer.progressbar(
        length=size, label="Reading", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        start = 0
        while start < size:
            page = _ledger().ListLedgerEntries(
                ledger_pb2.ListLedgerEntriesRequest(
                    start_index=start, page_size=min(1000, size - start)
                )
            )
            if not page.entries:
                # A gap at the end: fsck says which entries are missing.
                return
            for found in page.entries:
                yield Row(found.index, found.entry, found.leaf_hash)
            start = page.entries[-1].index + 1
            bar.update(len(page.entries))


def _verifier_key(served: str, key_file: Path | None) -> VerifierKey:
    """Return the key to verify with: the one given, or kept, or (the first time) the one served."""
    kept = key_file or _kept("ledger.vkey")
    if not kept.exists():
        kept.write_text(served + "\n")
        typer.echo(f"First time here: the ledger's key is kept in {kept}.", err=True)
    known = kept.read_text().strip()
    if known != served:
        typer.secho("The ledger shows another key than the one you know.", fg="red", err=True)
        raise typer.Exit(1)
    return VerifierKey.parse(known)


def _kept(name: str) -> Path:
    """Return where something about the ledger is kept between runs."""
    folder = settings.read().session_file.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / name

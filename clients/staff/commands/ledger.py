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
from clients.staff.commands import ledger_health
from clients.staff.commands.options import write_private
from clients.staff.connection import calling, stub
from deploy.audit.reconcile import audit_lines, reconcile, report
from services.consent.domain.ledger.cosignature import Cosignature, WitnessKey, cosignature
from services.consent.domain.ledger.entry import parse
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.fsck import Row, fsck
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.note import NoteBroken, VerifierKey
from services.consent.domain.ledger.receipt import Receipt, ReceiptBroken
from services.consent.domain.ledger.static_files import files_of

app = typer.Typer(help="The ledger: verify it, prove an entry.", no_args_is_help=True)

KeyFile = Annotated[
    Path | None,
    typer.Option("--key", help="The ledger's verifier key (a C2SP vkey), had from elsewhere."),
]
WitnessKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--witness-key", exists=True, help="A witness's verifier key, had from whoever runs it."
    ),
]
Kept = Annotated[
    list[Path] | None,
    typer.Option("--kept", exists=True, help="A checkpoint or a receipt that was kept elsewhere."),
]


def _ledger() -> ledger_pb2_grpc.LedgerServiceStub:
    return stub(ledger_pb2_grpc.LedgerServiceStub)


@app.command("fsck")
def check(key: KeyFile = None, witness_key: WitnessKeyFile = None, kept: Kept = None) -> None:
    """Verify the whole ledger against its signed checkpoint, and against the last one you saw."""
    served, verifier = _served(key)
    rows = _rows(served.size)
    seen = _kept("ledger.checkpoint")
    checkpoints = [served.note, *([served.witnessed] if served.witnessed else [])]
    checkpoints += [_checkpoint_in(file.read_text()) for file in kept or ()]
    checkpoints += [seen.read_text()] if seen.exists() else []
    _refuse_what_is_wrong(rows, checkpoints, verifier, seen)
    _ask_about_witnesses(served, witness_key)
    seen.write_text(served.note)
    typer.echo(
        f"{len(rows)} entries verified: every one stands where it was committed, "
        f"and together they lead to the signed checkpoint of size {served.size}."
    )


app.command("health")(ledger_health.health)


@app.command()
def prove(index: int, out: Annotated[Path, typer.Option(help="Where to write the proof.")]) -> None:
    """
    Get the proof of one entry, as a tlog-proof@v1 file with the entry beside it.

    It stands under the newest checkpoint that a witness has signed, once there is one with the
    entry in it: some seconds after the decision.
    """
    with calling():
        found = _ledger().GetProof(ledger_pb2.GetProofRequest(index=index))
    write_private(out, found.proof.encode())
    write_private(out.with_name(out.name + ".entry"), found.entry)


@app.command("verify-receipt")
def verify_receipt(
    receipt: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    entry: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    key: Annotated[Path, typer.Option("--key", exists=True, help="The ledger's verifier key.")],
    witness_key: WitnessKeyFile = None,
) -> None:
    """Verify a receipt offline: it proves this entry, or it does not."""
    try:
        verifier = VerifierKey.parse(key.read_text().strip())
        parsed = Receipt.parse(receipt.read_text())
        checkpoint = parsed.verify(entry.read_bytes(), verifier)
        witness = _witness(witness_key)
        signed = cosignature(parsed.checkpoint, witness) if witness else None
    except (ReceiptBroken, NoteBroken, UnicodeDecodeError) as error:
        typer.secho(f"This receipt proves nothing: {error}.", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    if witness is not None and signed is None:
        typer.secho(
            "This receipt is not signed by that witness. It proves the entry to whoever trusts the "
            "ledger's key; get one with the witness's line by `sas ledger prove`.",
            fg=typer.colors.RED,
            err=True,
        )
        raise typer.Exit(1)
    typer.echo(
        f"Proved: the entry stands in the ledger, under its checkpoint of {checkpoint.size}."
    )
    if witness is not None and signed is not None:
        typer.echo(f"The witness {witness.name} signed that checkpoint at {_time(signed)}.")


@app.command("reconcile")
def compare(
    audit_log: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A copy of Vault's audit log.")
    ],
    key: KeyFile = None,
) -> None:
    """
    Compare Vault's audit log with the ledger: was anything opened that nobody decided?

    The operators give you the log; it has names and codes in it, and no words. The entries are
    verified first. Every opening must have its one entry, of the same decision and trace, and
    every entry that allowed an opening should have opened something.
    """
    lines = list(audit_lines(audit_log))  # before the entries, which are committed before openings
    served, verifier = _served(key)
    rows = _rows(served.size)
    _refuse_what_is_wrong(rows, [served.note], verifier, _kept("ledger.checkpoint"))
    found = reconcile(lines, (parse(row.entry) for row in rows))
    typer.echo(report(found))
    if found.findings:
        typer.secho("Treat this as an incident: find out who holds that role.", fg="red", err=True)
        raise typer.Exit(1)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder, for you only.")], key: KeyFile = None
) -> None:
    """
    Write the whole ledger as plain files (C2SP tlog-tiles), for tools that are not ours.

    Whoever has them can verify everything, and learns how much the Service does and when: names
    are random in them, and still they are not for the public.
    """
    served, verifier = _served(key)
    rows = _rows(served.size)
    _refuse_what_is_wrong(rows, [served.note], verifier, _kept("ledger.checkpoint"))
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        typer.echo(f"{folder} exists already; choose another name.", err=True)
        raise typer.Exit(1) from None
    count = 0
    for path, content in files_of(served.note, [row.entry for row in rows]):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        count += 1
    typer.echo(f"{len(rows)} entries written to {folder}, in {count} files.")


def _served(key_file: Path | None) -> tuple[ledger_pb2.Checkpoint, VerifierKey]:
    """Ask for the checkpoint of now, and for the key to verify it with."""
    with calling():
        served = _ledger().GetCheckpoint(ledger_pb2.GetCheckpointRequest())
    return served, _verifier_key(served.public_key, key_file)


def _rows(size: int) -> list[Row]:
    with calling():
        return list(_entries(size))


def _refuse_what_is_wrong(
    rows: list[Row], checkpoints: list[str], verifier: VerifierKey, seen: Path
) -> None:
    """Say what is wrong with the entries, and end if anything is."""
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


def _ask_about_witnesses(served: ledger_pb2.Checkpoint, key_file: Path | None) -> None:
    """Say what the witnesses have signed, and end if one of them contradicts."""
    witness = _witness(key_file)
    if witness is not None:
        try:
            signed = cosignature(served.witnessed, witness) if served.witnessed else None
        except NoteBroken as error:
            typer.secho(f"The witness's line is wrong: {error}.", fg="red", err=True)
            raise typer.Exit(1) from None
        if signed is None:
            typer.secho(f"The witness {witness.name} has signed nothing.", fg="red", err=True)
            raise typer.Exit(1)
        typer.echo(f"The witness {witness.name} signed a checkpoint at {_time(signed)}.")
    for each in served.witnesses:
        if each.contradicts:
            typer.secho(
                f"The witness {each.key_name} has signed another ledger, of {each.size} entries "
                "or more. Ask whoever runs it for their evidence, and tell a trustee.",
                fg="red",
                err=True,
            )
            raise typer.Exit(1)
        if each.heard != "signed":
            typer.echo(f"The witness {each.key_name} did not sign lately: {each.heard}.", err=True)


def _witness(key_file: Path | None) -> WitnessKey | None:
    """Read the key of a witness, had from whoever runs it."""
    if key_file is None:
        return None
    try:
        return WitnessKey.parse(key_file.read_text().strip())
    except NoteBroken as error:
        typer.echo(f"{key_file} is no witness's verifier key: {error}.", err=True)
        raise typer.Exit(1) from None


def _checkpoint_in(text: str) -> str:
    """Give the checkpoint of a receipt, or the text if it is one itself."""
    try:
        return Receipt.parse(text).checkpoint
    except ReceiptBroken:
        return text


def _time(signed: Cosignature) -> str:
    return f"{signed.at:%Y-%m-%d %H:%M:%S} UTC"


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

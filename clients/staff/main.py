"""The staff command. One file for each noun; `sas --help` is the map."""

from __future__ import annotations

import typer

from clients.staff.commands import (
    access_requests,
    accesses,
    breaches,
    cases,
    consents,
    contacts,
    disclosures,
    documents,
    enquiries,
    events,
    incidents,
    ledger,
    mails,
    names,
    notes,
    policy,
    prints,
    reports,
    sessions,
    staff_members,
    students,
    third_parties,
    walls,
)

app = typer.Typer(
    name="sas",
    help="The Student Advice Service at your terminal.",
    no_args_is_help=True,
    # Locals in a traceback would print a student's words.
    pretty_exceptions_show_locals=False,
)

sessions.add_to(app)
for noun, group in {
    "student": students.app,
    "case": cases.app,
    "note": notes.app,
    "document": documents.app,
    "print": prints.app,
    "mail": mails.app,
    "enquiry": enquiries.app,
    "third-party": third_parties.app,
    "disclosure": disclosures.app,
    "consent": consents.app,
    "contact": contacts.app,
    "breach": breaches.app,
    "incident": incidents.app,
    "wall": walls.app,
    "policy": policy.app,
    "access": accesses.app,
    "access-request": access_requests.app,
    "name": names.app,
    "report": reports.app,
    "ledger": ledger.app,
    "staff": staff_members.app,
    "events": events.app,
}.items():
    app.add_typer(group, name=noun)


def main() -> None:
    """Run the staff command."""
    app()


if __name__ == "__main__":
    main()

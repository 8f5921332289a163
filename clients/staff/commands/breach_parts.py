"""What is recorded of a breach, as options and headings; and what a staff member is warned of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import attrs
import typer
from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import breaches_pb2
from sas.consent.v1 import breach_procedure_pb2

HEADINGS = {
    "outline": "Outline of the situation",
    "reason": "Reason",
    "intended_outcome": "What would be achieved",
    "student_spoken_to": "How the student was spoken to, or why not",
    "nobody_reachable": "Why no colleague can be reached (in an emergency only)",
}
WARNINGS = {
    "tipping_off": (
        "Do not speak to the student about this, and let them notice nothing: under this ground"
        " telling them may be an offence. Their list stays silent until the embargo is lifted."
    ),
}


class WhoseSafety(StrEnum):
    """Whose safety is at risk."""

    STUDENT = "student"
    OTHERS = "others"
    STUDENT_AND_OTHERS = "student_and_others"


class Channel(StrEnum):
    """How it was tried to speak to the student."""

    IN_PERSON = "in_person"
    TELEPHONE = "telephone"
    VIDEO = "video"
    MESSAGE = "message"


class Outcome(StrEnum):
    """With which result it was tried."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNDECIDED = "undecided"
    NOT_REACHED = "not_reached"


class NotTried(StrEnum):
    """Why it was not tried."""

    NO_TIME = "no_time"
    UNREACHABLE = "unreachable"
    RISK_TO_STUDENT = "risk_to_student"
    RISK_TO_OTHERS = "risk_to_others"


Ground = Annotated[str, typer.Option(help="grounds/...; see: sas breach grounds")]
Answer = Annotated[bool | None, typer.Option(help="Answered for itself, never assumed.")]
Whose = Annotated[WhoseSafety | None, typer.Option(help="Whose safety; answered for itself.")]
Tried = Annotated[
    datetime | None, typer.Option(help="When you tried to speak to the student first, in UTC.")
]
How = Annotated[Channel | None, typer.Option(help="How you tried.")]
Result = Annotated[Outcome | None, typer.Option(help="With which result.")]
WhyNot = Annotated[NotTried | None, typer.Option(help="Why you did not try.")]
Recipient = Annotated[
    list[str] | None,
    typer.Option(
        help="thirdParties/...=kind, for each recipient; trusted_contact by the student's consent."
    ),
]


@attrs.frozen(kw_only=True)
class Said:
    """What was said as options; the words come beside it."""

    ground: str
    serious: bool | None
    imminent: bool | None
    whose_safety: WhoseSafety | None
    tried_at: datetime | None
    channel: Channel | None
    result: Outcome | None
    why_not: NotTried | None
    recipient: list[str] | None

    def with_words(self, words: dict[str, str]) -> breaches_pb2.BreachParts:
        """Put both together."""
        pairs = [entry.partition("=") for entry in self.recipient or []]
        return breaches_pb2.BreachParts(
            ground=self.ground,
            serious=_yes_no(self.serious),
            imminent=_yes_no(self.imminent),
            whose_safety=self.whose_safety or "",
            student_first=self._student_first(),
            recipients=[
                breaches_pb2.BreachRecipient(third_party=name, kind=kind or "other")
                for name, _, kind in pairs
            ],
            **words,
        )

    def _student_first(self) -> breaches_pb2.StudentFirst | None:
        if not any((self.tried_at, self.channel, self.result, self.why_not)):
            return None
        said = breaches_pb2.StudentFirst(
            channel=self.channel or "", result=self.result or "", why_not=self.why_not or ""
        )
        if self.tried_at is not None:
            at = Timestamp()
            at.FromDatetime(self.tried_at.replace(tzinfo=UTC))
            said.attempted_at.CopyFrom(at)
        return said


def warn(codes: Iterable[str]) -> None:
    """Say on standard error what the staff member must know before going on."""
    for code in codes:
        typer.secho(WARNINGS.get(code, code), fg=typer.colors.YELLOW, bold=True, err=True)


def tell_of_trusted(
    contacts: Iterable[breaches_pb2.BreachTrustedContact | breach_procedure_pb2.TrustedContact],
) -> None:
    """Say on standard error whom the student has agreed that we turn to in such a risk."""
    for each in contacts:
        typer.secho(
            f"The student has agreed that we turn to {each.recipient} in such a risk"
            f" (until {each.ends_at.ToDatetime():%d.%m.%Y}, unless taken back).",
            fg=typer.colors.YELLOW,
            bold=True,
            err=True,
        )
        typer.echo(f"  Who that is: sas contact preview {each.contact}", err=True)
        typer.echo(
            f"  To tell them by that consent: --recipient {each.recipient}=trusted_contact",
            err=True,
        )


def _yes_no(answer: bool | None) -> breaches_pb2.YesNo.ValueType:
    if answer is None:
        return breaches_pb2.YES_NO_UNSPECIFIED
    return breaches_pb2.YES_NO_YES if answer else breaches_pb2.YES_NO_NO

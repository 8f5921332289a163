"""The other door to the same actions: events. Destroys keys, which `serve` may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sas.cases.v1.events_pb2 import RecordDisposalAuthorised
from sas.consent.v1.events_pb2 import ConsentEnded

from common.events.handlers import Deps, Handler, Timer, every, handles
from common.requests import forget_requests
from services.cases.actions import disposal, posting
from services.cases.storage.mails import Post
from services.cases.storage.work import HandlerWork


@handles(RecordDisposalAuthorised)
def on_record_disposal_authorised(deps: Deps, event: RecordDisposalAuthorised) -> None:
    """Destroy the record's key."""
    disposal.destroy_record(
        HandlerWork(deps.connection), deps.vault, event.record, event.kind, datetime.now(UTC)
    )


@handles(ConsentEnded)
def on_consent_ended(deps: Deps, event: ConsentEnded) -> None:
    """End the disclosure that the consent was for."""
    disposal.end_disclosure(HandlerWork(deps.connection), event.disclosure)


@every(seconds=3600)
def forget_old_requests(deps: Deps) -> None:
    """Forget calls that nobody will repeat any more, old passes, and tries of links of nothing."""
    forget_requests(deps.connection)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    work = HandlerWork(deps.connection)
    work.disclosures.forget_passes(an_hour_ago)
    work.link_tries.forget(an_hour_ago)


@every(seconds=2)
def send_due_mails(deps: Deps) -> None:
    """Send the mails whose hour has come, such as links that nobody has recalled in time."""
    posting.send_due(
        posting.PostRoom(
            begin=deps.begin,
            post=Post(deps.vault),
            server=deps.config.settings.mail(),
            clock=lambda: datetime.now(UTC),
        )
    )


HANDLERS: list[Handler[Any]] = [on_record_disposal_authorised, on_consent_ended]
TIMERS: list[Timer] = [forget_old_requests, send_due_mails]

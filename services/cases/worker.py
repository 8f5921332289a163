"""The other door to the same actions: events. Destroys keys, which `serve` may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sas.cases.v1.events_pb2 import RecordDisposalAuthorised
from sas.consent.v1.events_pb2 import ConsentEnded, StaffAwaited
from sas.identity.v1.events_pb2 import StaffAddressChanged

from common.events.handlers import Deps, Handler, Timer, every, handles
from common.requests import forget_requests
from services.cases.actions import disposal, notices, posting, reminding
from services.cases.storage.mails import Post
from services.cases.storage.staff_addresses import StaffAddress
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


@handles(StaffAddressChanged)
def on_staff_address_changed(deps: Deps, event: StaffAddressChanged) -> None:
    """Keep where a staff member is written to."""
    told = StaffAddress(
        event.staff_member, event.version, event.sealed_address, event.end_time.ToDatetime(UTC)
    )
    notices.note_address(HandlerWork(deps.connection), told)


@handles(StaffAwaited)
def on_staff_awaited(deps: Deps, event: StaffAwaited) -> None:
    """Tell a staff member that something waits for them."""
    notices.notify(HandlerWork(deps.connection), event.staff_member, datetime.now(UTC))


@every(seconds=3600)
def forget_old_requests(deps: Deps) -> None:
    """Forget old calls, passes and links, tries of nothing, and where leavers were written to."""
    forget_requests(deps.connection)
    now = datetime.now(UTC)
    an_hour_ago = now - timedelta(hours=1)
    work = HandlerWork(deps.connection)
    work.passes.forget(an_hour_ago)
    work.disclosures.forget_links(now)
    work.link_tries.forget(an_hour_ago)
    work.staff_addresses.forget(now)


@every(seconds=900)
def remind_of_incidents(deps: Deps) -> None:
    """Remind of accidents about which somebody is to decide."""
    reminding.remind_of_incidents(HandlerWork(deps.connection), datetime.now(UTC))


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


HANDLERS: list[Handler[Any]] = [
    on_record_disposal_authorised,
    on_consent_ended,
    on_staff_address_changed,
    on_staff_awaited,
]
TIMERS: list[Timer] = [forget_old_requests, remind_of_incidents, send_due_mails]

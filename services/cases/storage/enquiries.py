"""Enquiries: contacts that are no case, with or without a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.cases.domain.enquiries import Enquiry, ReplyMail
from services.cases.domain.mails import MailKind, MailState
from services.cases.domain.states import (
    EnquiryKind,
    QuestionKind,
    QuestionState,
    ReplyChannel,
)
from services.cases.storage.paging import after
from services.cases.storage.sealed import WORDS, SealedItem, one_field
from services.cases.storage.tables import enquiries, mails, question_events

_PLAIN = (
    enquiries.c.id,
    enquiries.c.kind,
    enquiries.c.contact_date,
    enquiries.c.author,
    enquiries.c.case_id,
    enquiries.c.question,
    enquiries.c.question_state,
    enquiries.c.reply_channel,
)
_ITS_REPLY = sa.and_(
    mails.c.about == sa.literal("enquiries/") + sa.cast(enquiries.c.id, sa.Text),
    mails.c.kind == MailKind.REPLY,
)
_WITH_MAIL = sa.select(
    *_PLAIN, mails.c.state.label("mail_state"), mails.c.leaves_at.label("mail_leaves")
).select_from(enquiries.outerjoin(mails, _ITS_REPLY))


@attrs.frozen
class Enquiries:
    """The store of enquiries."""

    connection: sa.Connection

    def add(self, enquiry: Enquiry, sealed: SealedItem, created_at: datetime) -> bool:
        """Keep a new enquiry; False if it is there already, by an earlier try of the request."""
        added = self.connection.execute(
            insert(enquiries)
            .values(
                **attrs.asdict(enquiry, filter=attrs.filters.exclude("mail")),
                created_at=created_at,
                wrapped_key=sealed.wrapped_key,
                sealed=sealed.ciphertexts[WORDS],
            )
            .on_conflict_do_nothing()
            .returning(enquiries.c.id)
        )
        return added.one_or_none() is not None

    def find(self, id_: str | None) -> Enquiry | None:
        """Give one enquiry, without words."""
        row = self.connection.execute(_WITH_MAIL.where(enquiries.c.id == id_)).mappings()
        found = row.one_or_none()
        return _enquiry(found) if found else None

    def asked_at(self, id_: str) -> datetime:
        """Give the moment at which an enquiry came in."""
        query = sa.select(enquiries.c.created_at).where(enquiries.c.id == id_)
        moment: datetime = self.connection.execute(query).scalar_one()
        return moment

    def sealed(self, enquiry: Enquiry) -> SealedItem | None:
        """Give the sealed words of an enquiry; None when its record was disposed of."""
        query = sa.select(enquiries.c.wrapped_key, enquiries.c.sealed).where(
            enquiries.c.id == enquiry.id
        )
        row = self.connection.execute(query).one()
        return one_field(enquiry.record, enquiry.name, *row)

    def becomes(self, id_: str, case_id: str) -> bool:
        """Note which case an enquiry became; False if it became another one before."""
        changed = self.connection.execute(
            sa.update(enquiries)
            .where(enquiries.c.id == id_, enquiries.c.case_id.is_(None))
            .values(case_id=case_id)
        )
        return changed.rowcount == 1

    def of_case(self, case_id: str) -> Sequence[str]:
        """Give the ids of the enquiries that became this case."""
        query = sa.select(enquiries.c.id).where(enquiries.c.case_id == case_id)
        return self.connection.execute(query.order_by(enquiries.c.id)).scalars().all()

    def moves(
        self,
        id_: str,
        *,
        to: QuestionState,
        channel: ReplyChannel | None = None,
        by: str,
        script_version: str = "",
        at: datetime,
    ) -> bool:
        """Answer or close a question; False if that was done before, or it is no question."""
        before = [QuestionState.OPEN]
        if to is QuestionState.CLOSED:
            before.append(QuestionState.ANSWERED)
        values = {"question_state": to} | ({"reply_channel": channel} if channel else {})
        changed = self.connection.execute(
            sa.update(enquiries)
            .where(enquiries.c.id == id_, enquiries.c.question_state.in_(before))
            .values(**values)
        )
        if changed.rowcount != 1:
            return False
        self.connection.execute(
            sa.insert(question_events).values(
                enquiry_id=id_, state=to, staff_member=by, script_version=script_version, at=at
            )
        )
        return True

    def page(
        self, size: int, last: tuple[date, str] | None, state: QuestionState | None = None
    ) -> Sequence[Enquiry]:
        """Give a page of enquiries, newest contact first; of questions in *state*, if given."""
        query = _WITH_MAIL.order_by(enquiries.c.contact_date.desc(), enquiries.c.id.desc()).limit(
            size
        )
        if state is not None:
            query = query.where(enquiries.c.question_state == state)
        if last is not None:
            query = query.where(after(enquiries.c.contact_date, enquiries.c.id, last))
        return [_enquiry(row) for row in self.connection.execute(query).mappings()]


def _enquiry(row: sa.RowMapping) -> Enquiry:
    values = dict(row)
    state, leaves_at = values.pop("mail_state"), values.pop("mail_leaves")
    return Enquiry(
        **{
            **values,
            "kind": EnquiryKind(values["kind"]),
            "question": QuestionKind(values["question"]),
            "question_state": QuestionState(values["question_state"]),
            "reply_channel": ReplyChannel(values["reply_channel"]),
            "mail": ReplyMail(MailState(state), leaves_at) if state else None,
        }
    )

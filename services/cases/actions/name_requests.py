"""
The words around a student's request for the name behind a line of their list (R24).

What is said is sealed and kept first. Then consent decides, with its digest in the ledger, and only
then it counts: so what the ledger names can always be shown. What consent refuses stays uncounted:
nobody can open it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import attrs
import structlog
from sas.common.v1.naming_pb2 import NameAnswer, NameGround, NameView, NotHeard
from sas.common.v1.purpose_pb2 import PURPOSE_ACCESS_REQUEST, PURPOSE_OWN_RECORD

from common.caller import Caller
from common.errors import NotAvailable
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.name_requests import (
    SALT_BYTES,
    NameRequest,
    Part,
    Statement,
    salted_digest,
)
from services.cases.domain.names import id_of, name_of, record_of
from services.cases.domain.states import RecordKind

log = structlog.get_logger(__name__)

_NO_DIGEST = "0" * 64


@attrs.frozen
class Asked:
    """A request that was made."""

    name: str
    due_at: datetime


@attrs.frozen
class OpenedNameRequest:
    """What was said about a request, as far as the caller may read it."""

    name: str
    statements: Sequence[Statement] = attrs.field(repr=False)

    def of(self, part: Part) -> list[Statement]:
        """Give what was said of one kind, the oldest first."""
        return [each for each in self.statements if each.part is part]


def ask_for_name(tools: Tools, who: Caller, line: str, *, why: str, request_id: str) -> Asked:
    """
    Ask, as a student, which staff member a line of their own list is about, and say why.

    It is a message of theirs, so it moves their last involvement (R26).

    Raises:
        NotAvailable: there is no such line in their list.
        RefusedByPolicy: nobody of the staff is behind it, or it was asked already.
    """
    name = name_once(tools, who, "AskForName", request_id, "nameRequests")
    request = NameRequest(id_of(name, "nameRequests") or "", who.person)
    tools.sealing.begin(RecordKind.NAME_REQUEST, request.id)
    with tools.begin() as work:
        work.name_requests.add(request, tools.now())
        work.commit()
    digest = _keep(tools, who, request, Part.WHY, request.id, why)
    made = tools.consent.authorise_name_request(name, line, digest)
    with tools.begin() as work:
        work.name_requests.goes_with(request, made.record)
        work.name_requests.count_words(request, Part.WHY, request.id)
        work.cases.involve(who.person, tools.today())
        work.commit()
    log.info("name_asked_for", name_request=name)
    return Asked(name, made.due_at)


def read_name_request(tools: Tools, who: Caller, name: str) -> OpenedNameRequest:
    """
    Open what was said: to the student what they wrote, to a manager who may balance it all of it.

    Raises:
        NotAvailable: the caller may not, or there is no such request.
    """
    student = who.kind == "student"
    with tools.begin() as work:
        request = work.name_requests.find(id_of(name, "nameRequests"))
        sealed = work.name_requests.sealed(request) if request else []
    if student:
        sealed = [each for each in sealed if each.part is Part.WHY]
    keys = tools.consent.open(
        record_of(name.partition("/")[2]),
        [each.sealed for each in sealed],
        action="name_request:read",
        purpose=PURPOSE_OWN_RECORD if student else PURPOSE_ACCESS_REQUEST,
        about=name,
    )
    if not sealed:
        raise NotAvailable
    log.info("name_request_read", name_request=name)
    return OpenedNameRequest(
        name,
        [
            Statement(each.part, each.author, each.said_at, keys.open(each.sealed).decode())
            for each in sealed
        ],
    )


def give_view(
    tools: Tools,
    who: Caller,
    name: str,
    view: NameView.ValueType,
    *,
    words: str,
    request_id: str,
) -> None:
    """
    Say, as the staff member whose name it is, what one thinks of being named.

    Raises:
        NotAvailable: the caller may not know, or there is no such request.
        RefusedByPolicy: it is another's name, or decided.
    """

    def authorise(about: str, digest: str) -> None:
        tools.consent.authorise_name_view(name, view, about, digest)

    about = name_once(tools, who, "GiveNameView", request_id, Part.VIEW)
    _say(tools, who, name, Part.VIEW, about, words, authorise)
    log.info("name_view_given", name_request=name)


@attrs.frozen
class Decision:
    """What a manager decides, in codes."""

    answer: NameAnswer.ValueType
    grounds: Sequence[NameGround.ValueType]
    not_heard: NotHeard.ValueType


def decide_name(
    tools: Tools, who: Caller, name: str, decision: Decision, *, reasons: str, request_id: str
) -> None:
    """
    Decide, as a manager whose name it is not, whether the student is told.

    Raises:
        NotAvailable: the caller may not know, or there is no such request.
        RefusedByPolicy: with every reason.
    """

    def authorise(about: str, digest: str) -> None:
        tools.consent.authorise_name_decision(
            name,
            decision.answer,
            decision.grounds,
            decision.not_heard,
            about=about,
            payload_digest=digest,
        )

    about = name_once(tools, who, "DecideNameRequest", request_id, Part.DECISION)
    _say(tools, who, name, Part.DECISION, about, reasons, authorise)
    log.info("name_decided", name_request=name)


def _say(
    tools: Tools,
    who: Caller,
    name: str,
    part: Part,
    about: str,
    words: str,
    authorise: Callable[[str, str], None],
) -> None:
    """Keep words, have them authorised, and let them count."""
    with tools.begin() as work:
        request = work.name_requests.find(id_of(name, "nameRequests"))
    if request is None:
        authorise(about, _NO_DIGEST)  # a name that is not there is written down, too
        raise NotAvailable
    words_id = id_of(about, part) or ""
    authorise(about, _keep(tools, who, request, part, words_id, words))
    with tools.begin() as work:
        work.name_requests.count_words(request, part, words_id)
        work.commit()


def _keep(
    tools: Tools, who: Caller, request: NameRequest, part: Part, words_id: str, words: str
) -> str:
    """Seal and keep words, unless they are there by an earlier try, and give their digest."""
    with tools.begin() as work:
        if (there := work.name_requests.digest_of(request, part, words_id)) is not None:
            return there
        opened, salt = words.encode(), secrets.token_bytes(SALT_BYTES)
        sealed = tools.sealing.seal(
            RecordKind.NAME_REQUEST, request.id, name_of(part, words_id), opened
        )
        digest = salted_digest(salt, opened)
        work.name_requests.keep_words(
            request,
            part,
            words_id,
            sealed,
            salt=salt,
            digest=digest,
            author=who.person,
            said_at=tools.now(),
        )
        work.commit()
        return digest

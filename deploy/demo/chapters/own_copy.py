"""13. The student asks for a copy of what is held about her, and takes it."""

from __future__ import annotations

import io
import json
import uuid
import zipfile

from pypdf import PdfReader
from sas.cases.v1 import (
    access_requests_pb2,
    access_requests_pb2_grpc,
    redactions_pb2,
    redactions_pb2_grpc,
)

from clients.gateway import understood_errors
from common.errors import InvalidFields, NotAvailable, RefusedByPolicy
from deploy.demo.chapters.case_file import SITUATION
from deploy.demo.letter import FRIEND
from deploy.demo.setting import Setting


def tell(setting: Setting) -> None:
    """Ask; prepare it with her flatmate hidden; look, release, collect; take it back."""
    story = setting.story
    story.chapter(13, "The student asks for her own copy, and takes it", "R3", "R14", "R23", "R24")
    desk = setting.adviser.at(access_requests_pb2_grpc.AccessRequestsServiceStub)
    hers = setting.student.at(access_requests_pb2_grpc.AccessRequestsServiceStub)
    with understood_errors():
        asked = _asked(hers)
    story.show(f"{asked.name}: received {asked.received_on}, due {asked.due_on}")
    wanted = access_requests_pb2.PrepareAccessCopyRequest(
        access_request=asked.name,
        items=[setting.note, setting.document],
        request_id=str(uuid.uuid4()),
    )
    with (
        story.refused("her flatmate is marked in the letter: it goes hidden or not", InvalidFields),
        understood_errors(),
    ):
        desk.PrepareAccessCopy(wanted)
    wanted.redactions.append(_redact(setting))
    with understood_errors():
        copy = desk.PrepareAccessCopy(wanted)
    collect = access_requests_pb2.CollectAccessCopyRequest(name=copy.name)
    with (
        story.refused("she can't have it before it is released", NotAvailable),
        understood_errors(),
    ):
        hers.CollectAccessCopy(collect)
    with (
        story.refused(
            "and nobody releases what they have not looked at",
            RefusedByPolicy,
            "copy_not_looked_at",
        ),
        understood_errors(),
    ):
        desk.ReleaseAccessCopy(access_requests_pb2.ReleaseAccessCopyRequest(name=copy.name))
    with understood_errors():
        shown = desk.PreviewAccessCopy(
            access_requests_pb2.PreviewAccessCopyRequest(name=copy.name)
        ).content
        desk.ReleaseAccessCopy(access_requests_pb2.ReleaseAccessCopyRequest(name=copy.name))
        taken = hers.CollectAccessCopy(collect).content
    text, notes = _files(taken)
    story.check("she collects the very bytes that the adviser looked at", taken == shown)
    story.check("her own words are in it", notes["notes"][0]["situation"] == SITUATION)
    story.check(
        "and her flatmate is not", not any(part in text for part in FRIEND.split()), text[:300]
    )
    with (
        story.refused("an adviser does not collect it in her place", RefusedByPolicy),
        understood_errors(),
    ):
        desk.CollectAccessCopy(collect)
    with understood_errors():
        desk.RecallAccessCopy(access_requests_pb2.RecallAccessCopyRequest(name=copy.name))
    with (
        story.refused("once taken back it is not there any more", NotAvailable),
        understood_errors(),
    ):
        hers.CollectAccessCopy(collect)


def _asked(
    hers: access_requests_pb2_grpc.AccessRequestsServiceStub,
) -> access_requests_pb2.RequestedAccess:
    """Ask, unless she has asked in an earlier telling."""
    mine = hers.ListAccessRequests(access_requests_pb2.ListAccessRequestsRequest())
    for each in mine.access_requests:
        if each.state == access_requests_pb2.ACCESS_REQUEST_STATE_OPEN:
            return each
    request = access_requests_pb2.RequestAccessRequest(request_id=str(uuid.uuid4()))
    return hers.RequestAccess(request)


def _redact(setting: Setting) -> str:
    """Mark the flatmate's name, as for the tutor."""
    mark = redactions_pb2.RedactionMark(
        reason=redactions_pb2.REDACTION_REASON_ANOTHER_PERSON, passage=FRIEND
    )
    with understood_errors():
        made = setting.adviser.at(redactions_pb2_grpc.RedactionsServiceStub).RedactItem(
            redactions_pb2.RedactItemRequest(
                parent=setting.document, marks=[mark], request_id=str(uuid.uuid4())
            )
        )
    return str(made.name)


def _files(content: bytes) -> tuple[str, dict[str, list[dict[str, str]]]]:
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        pdf, notes = files.read("copy.pdf"), json.loads(files.read("notes.json"))
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages), notes

"""A request for the name behind a line of a student's list, in one line for each deed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import attrs
from sas.common.v1 import naming_pb2, purpose_pb2
from sas.consent.v1 import name_procedure_pb2 as pb
from sas.consent.v1 import records_pb2

from services.consent.domain.names import bare
from tests.kit.house import Person
from tests.service.consent.deeds import Case, Item, accesses
from tests.service.consent.house import House, staff

NEEDED = naming_pb2.NAME_GROUND_ESSENTIAL_FOR_RIGHTS
AGREED = naming_pb2.NAME_GROUND_STAFF_MEMBER_AGREES
ENOUGH = naming_pb2.NAME_GROUND_LIST_IS_ENOUGH
RISK = naming_pb2.NAME_GROUND_RISK_TO_STAFF_MEMBER


@attrs.frozen
class Asked:
    """A student asks who it was that read a note of theirs."""

    sas: House
    case: Case
    ada: Person
    """Whose name it is."""
    line: str
    name: str = attrs.field(factory=lambda: f"nameRequests/{uuid4()}")

    @classmethod
    def about(cls, sas: House, ada: Person | None = None, case: Case | None = None) -> Asked:
        """Let a staff member read a note, and the student find the line; nothing is asked yet."""
        ada, case = ada or staff(), case or Case.open(sas)
        case.opened(ada, case.item())
        return cls(sas, case, ada, newest_line(sas, case.student))

    @classmethod
    def made_about(cls, sas: House, ada: Person | None = None, case: Case | None = None) -> Asked:
        """Do the same, and let the student ask."""
        asked = cls.about(sas, ada, case)
        asked.made()
        return asked

    def to_make(self, **changes: Any) -> pb.AuthoriseNameRequestRequest:
        """Build the student's request."""
        said = {"name": self.name, "line": self.line, "payload_digest": "a" * 64}
        return pb.AuthoriseNameRequestRequest(**said | changes)

    def made(self, who: Person | None = None, **changes: Any) -> pb.AuthoriseNameRequestResponse:
        """Ask, as the student."""
        method = self.sas.cases.names.AuthoriseNameRequest
        return self.sas.call(who or self.case.student, method, self.to_make(**changes))

    def to_say(self, **changes: Any) -> pb.AuthoriseNameViewRequest:
        """Build what the staff member says."""
        said: dict[str, Any] = {
            "name": self.name,
            "view": naming_pb2.NAME_VIEW_LEAVES_IT,
            "about": f"nameViews/{uuid4()}",
            "payload_digest": "b" * 64,
        }
        return pb.AuthoriseNameViewRequest(**said | changes)

    def said(self, who: Person | None = None, **changes: Any) -> None:
        """Say what one thinks of being named."""
        method = self.sas.cases.names.AuthoriseNameView
        self.sas.call(who or self.ada, method, self.to_say(**changes))

    def to_decide(self, *grounds: Any, **changes: Any) -> pb.AuthoriseNameDecisionRequest:
        """Build the decision; to tell the name, if nothing else is said."""
        said: dict[str, Any] = {
            "name": self.name,
            "answer": naming_pb2.NAME_ANSWER_RELEASE,
            "grounds": grounds or [NEEDED],
            "about": f"nameDecisions/{uuid4()}",
            "payload_digest": "c" * 64,
        }
        return pb.AuthoriseNameDecisionRequest(**said | changes)

    def decided(self, who: Person, *grounds: Any, **changes: Any) -> None:
        """Decide."""
        method = self.sas.cases.names.AuthoriseNameDecision
        self.sas.call(who, method, self.to_decide(*grounds, **changes))

    def withheld(self, who: Person, *grounds: Any) -> None:
        """Decide that the student is not told."""
        self.decided(who, *(grounds or [ENOUGH]), answer=naming_pb2.NAME_ANSWER_WITHHOLD)

    def told(self, who: Person | None = None) -> str:
        """Give whose name it is, as identity is told for the student."""
        request = pb.AuthoriseNameReleaseRequest(name=self.name)
        method = self.sas.identity.names.AuthoriseNameRelease
        return self.sas.call(who or self.case.student, method, request).staff_member

    def as_the_student_sees_it(self) -> list[pb.RequestedName]:
        """Give the request as it is in the student's own list; empty if it is not."""
        request = pb.ListNameRequestsRequest()
        found = self.sas.call(
            self.case.student, self.sas.gateway.names.ListNameRequests, request
        ).name_requests
        return [each for each in found if each.name == self.name]

    def in_the_tasks_of(self, who: Person) -> list[pb.NameTask]:
        """Give the request as a staff member finds it in their tasks; empty if they do not."""
        request = pb.ListNameTasksRequest()
        found = self.sas.call(who, self.sas.gateway.names.ListNameTasks, request).tasks
        return [each for each in found if each.name == self.name]

    def item(self, name: str = "") -> Item:
        """Make a data key for what was written, as cases does."""
        vault, uuid = self.sas.vaults["cases-serve"], bare(self.name)
        vault.create_record_key("rk-name-request", uuid)
        name = name or self.name
        return Item(name, vault.new_data_key("rk-name-request", uuid, name))

    def to_read(self, *items: Item, purpose: Any = None) -> records_pb2.OpenRecordRequest:
        """Build the request to open what was written."""
        return records_pb2.OpenRecordRequest(
            record=f"records/{bare(self.name)}",
            action="name_request:read",
            purpose=purpose or purpose_pb2.PURPOSE_ACCESS_REQUEST,
            items=[each.sealed for each in items],
            about=self.name,
        )

    def read(self, who: Person, *items: Item, **more: Any) -> records_pb2.OpenRecordResponse:
        """Open what was written."""
        return self.sas.call(who, self.sas.cases.records.OpenRecord, self.to_read(*items, **more))


def newest_line(sas: House, who: Person) -> str:
    """Give the name of the newest line in a student's list."""
    return accesses(sas, who)[0].name

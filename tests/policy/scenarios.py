"""
Reads scenarios of who may do what, and puts each to the policy.

A scenario says only what differs from the ordinary: by default an adviser with a second factor asks
about the record of a student's case, with nothing in the way. The words stand for themselves; see
`README.md` beside this file for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import attrs
import yaml

from services.consent.domain.access_copies import ReleasedCopy
from services.consent.domain.breach import (
    Advice,
    Breach,
    BreachFacts,
    Decided,
    Reviewed,
    StudentFirst,
)
from services.consent.domain.consent import Asked, Consent, Happened, Happening, Spoken, State
from services.consent.domain.decision import Question
from services.consent.domain.facts import THIRD_PARTY, AccessList, Record, Report, Who
from services.consent.domain.kinds import kind_of
from services.consent.domain.name_requests import AccessLine, NameDecision, NameRequest, View
from services.consent.domain.staff import StaffRole
from services.consent.policies import questions

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_DAYS = {"yesterday": -1, "now": 0, "tomorrow": 1, "in a month": 30, "in two years": 730}
_KINDS = {
    "case_note:read": "case",
    "document:read": "case",
    "incident:read": "case",
    "disclosure:preview": "case",
    "access_copy:preview": "case",
    "enquiry:read": "enquiry",
    "enquiry:answer": "enquiry",
    "registration_form:read": "registration_form",
    "third_party:read": "third_party",
    "breach:read": "breach",
    "breach:advise": "breach",
    "breach:decide": "breach",
    "breach:disclose": "breach",
    "breach:review": "breach",
    "breach:add": "breach",
    "embargo:review": "breach",
    "embargo:lift": "breach",
    "name_request:read": "name_request",
    "name_request:give_view": "name_request",
    "name_request:decide": "name_request",
    "staff_name:release": "name_request",
}
_ITEMS = {
    "case_note:read": ["notes/the note"],
    "incident:read": ["incidents/what happened"],
    "enquiry:read": ["enquiries/the enquiry"],
    "enquiry:answer": ["enquiries/the enquiry"],
    "registration_form:read": ["registration-forms/the form"],
    "third_party:read": ["third-parties/the details"],
    "breach:read": ["breaches/the words"],
    "disclosure:collect": ["deliveries/the delivery"],
    "use:confirm": ["contacts/the contact"],
    "access_copy:preview": ["accessCopies/the copy"],
    "access_copy:release": ["accessCopies/the copy"],
    "access_copy:collect": ["accessCopies/the copy"],
    "name_request:read": ["nameRequests/why they ask"],
}
_OWN_KINDS = ("confirm_use", "trusted_contact")
"""Purposes that are a kind of consent of their own, about a contact and not a document."""


class ScenarioBroken(ValueError):
    """A scenario uses a word that nobody knows."""


@attrs.frozen
class Scenario:
    """One line of the table that a staff member can correct."""

    file: str
    name: str
    question: Question
    may: bool
    because: frozenset[str]


def load_all(folder: Path) -> list[Scenario]:
    """Read every YAML file in *folder*."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        for said in yaml.safe_load(path.read_text("utf-8")):
            because = frozenset(said.pop("because", ()))
            name, may = said.pop("name"), said.pop("may")
            found.append(Scenario(path.stem, name, _question(said), may, because))
    return found


def name_of(collection: str, word: str) -> str:
    """Give the resource name that *word* stands for."""
    return f"{collection}/{uuid5(NAMESPACE_URL, word)}"


def staff(word: str) -> str:
    """Give a staff member's name."""
    return name_of("staffMembers", word)


def _question(said: dict[str, Any]) -> Question:
    action = said.pop("does")
    who = _who(said.pop("who", {}), action)
    record = _record(said.pop("record", {}), action)
    usual = _CONTACT if said.get("for") in _OWN_KINDS else _ITEMS.get(action, _LETTER)
    items = frozenset(_item(item) for item in said.pop("items", usual))
    question: Question = _BUILD[action](who, record, items, said)
    if said:
        raise ScenarioBroken(f"nobody knows {sorted(said)}")
    return question


_LETTER = ["documents/the letter"]
_DELIVERY = ["deliveries/the delivery"]
_CONTACT = ["contacts/the contact"]


def _item(said: str) -> str:
    collection, _, word = said.partition("/")
    return name_of(collection, word)


def _who(said: dict[str, Any], action: str) -> Who:
    usual = "student" if action in _BY_STUDENT else "adviser"
    role = said.pop("role", "third party" if action == "disclosure:collect" else usual)
    word = said.pop("name", None)
    factor = said.pop("second_factor", True)
    passkeys = frozenset({"a passkey"} if said.pop("passkey", False) else ())
    if said:
        raise ScenarioBroken(f"nobody knows {sorted(said)}")
    if role == "third party":
        return THIRD_PARTY
    if role == "student":
        return Who(name_of("students", word or "the student"), "student", passkeys=passkeys)
    return Who(staff(word or "the adviser"), "staff", frozenset({role}), factor)


_BY_STUDENT = {
    "consent:give",
    "consent:confirm",
    "consent:refuse",
    "consent:withdraw",
    "access_list:read",
    "name_request:make",
    "staff_name:release",
    "access_copy:collect",
}
_USUAL_STATE = {
    "consent:give": "requested",
    "consent:refuse": "requested",
    "consent:withdraw": "requested",
    "consent:record_verbal": "requested",
    "consent:confirm": "provisional",
    "consent:witness": "provisional",
}


def _record(said: dict[str, Any], action: str) -> Record:
    student = said.pop("student", "the student")
    record = Record(
        name=name_of("records", said.pop("name", "the record")),
        kind=said.pop("kind", _KINDS.get(action, "case")),
        student=name_of("students", student) if student != "nobody" else "",
        disposed_at=NOW if said.pop("disposed", False) else None,
        walled=frozenset(staff(word) for word in said.pop("walled", ())),
        stepped_aside=frozenset(staff(word) for word in said.pop("stepped_aside", ())),
        involved=staff(said.pop("involved")) if "involved" in said else "",
    )
    if not said.pop("known", True):
        record = Record(record.name)
    if said:
        raise ScenarioBroken(f"nobody knows {sorted(said)}")
    return record


def _day(word: str) -> datetime:
    return NOW + timedelta(days=_DAYS[word])


def _digest(word: str) -> str:
    return uuid5(NAMESPACE_URL, word).hex * 2


def _consent(said: dict[str, Any] | str, action: str) -> Consent | None:
    if said == "none":
        return None
    if isinstance(said, str):
        said = {"state": said}
    state = State(said.pop("state", _USUAL_STATE.get(action, "given")))
    purpose = said.pop("purpose", "confirm_use" if action == "use:confirm" else "welfare_support")
    own_kind = purpose in _OWN_KINDS
    student = said.pop("student", "the student")
    asked = Asked(
        consent=name_of("consents", "the consent"),
        record=name_of("records", said.pop("record", "the record")),
        student=name_of("students", student),
        disclosure=_item(_CONTACT[0]) if own_kind else name_of("disclosures", "the disclosure"),
        recipient=name_of("thirdParties", said.pop("recipient", "the tutor")),
        purpose=purpose,
        payload_digest=_digest(said.pop("payload", "the payload")),
        items=frozenset(
            _item(item) for item in said.pop("items", _CONTACT if own_kind else _LETTER)
        ),
        text_version="-",
        text_sha256=_digest(said.pop("text_asked", "the text")),
        asked_by=staff("the adviser"),
        asked_at=_day("yesterday"),
        ends_at=_day(said.pop("ends", "in a month")),
        ledger_index=1,
    )
    agreed = _digest(said.pop("text_agreed", "the text"))
    noted_by, confirm_by = said.pop("noted_by", None), said.pop("confirm_by", "tomorrow")
    if state is State.PROVISIONAL:
        noted_by = noted_by or "a colleague"
    given = Happened(
        Happening.GIVEN,
        _day(said.pop("given", "yesterday")),
        2,
        by=staff(noted_by) if noted_by else asked.student,
        text_sha256=agreed,
        spoken=_spoken("yesterday", confirm_by) if noted_by else None,
    )
    if said:
        raise ScenarioBroken(f"nobody knows {sorted(said)}")
    log = [] if state in (State.REQUESTED, State.REFUSED) else [given]
    if state is State.GIVEN and noted_by:
        log.append(Happened(Happening.CONFIRMED, _day("yesterday"), 3, by=asked.student))
    if state not in (State.REQUESTED, State.PROVISIONAL, State.GIVEN):
        log.append(Happened(Happening(state), NOW, 3))
    # As said, even where no log could lead there: the policy must not rest on that.
    return Consent(asked, state, tuple(log))


def _spoken(at: str, confirm_by: str) -> Spoken:
    return Spoken(
        manner="by_telephone",
        place="room_of_the_service",
        at=_day(at),
        confirm_by=_day(confirm_by),
    )


def _breach(said: dict[str, Any] | str) -> Breach | None:
    if said == "none":
        return None
    if isinstance(said, str):
        raise ScenarioBroken(said)
    involved = staff(said.pop("involved", "the adviser"))
    chosen = said.pop("ground", "serious-imminent-risk")
    recipients = said.pop("recipients", {"the doctor": "health"})
    decided = said.pop("decided", None)
    emergency, reviewed = said.pop("emergency", False), said.pop("reviewed", False)
    usual = [] if emergency else [{"colleague": "a colleague", "answer": "for"}]
    advice = said.pop("advice", usual)
    breach = Breach(
        BreachFacts(
            breach=name_of("breaches", "the record"),
            record=name_of("records", "the record"),
            case_record=name_of("records", "the case"),
            ground=f"grounds/{chosen}" if chosen != "none" else "",
            serious=said.pop("serious", True),
            imminent=said.pop("imminent", True),
            whose_safety=said.pop("whose_safety", "student"),
            has_outline=said.pop("outline", True),
            has_reason=said.pop("reason", True),
            has_intended_outcome=said.pop("intended_outcome", True),
            has_student_spoken_to=said.pop("student_spoken_to", True),
            student_first=_FIRST[said.pop("student_first", "attempted")],
            has_nobody_reachable=said.pop("nobody_reachable", False),
            recipients=frozenset((name_of("thirdParties", k), v) for k, v in recipients.items()),
            recorded_by=involved,
            recorded_at=NOW,
        ),
        involved=involved,
        advice=tuple(_advice(each) for each in advice),
        decided=Decided(involved, _day(decided), 9, emergency) if decided else None,
        reviewed=Reviewed(staff("a colleague"), NOW, False, 10) if reviewed else None,
        embargoed=said.pop("embargoed", False),
    )
    if said:
        raise ScenarioBroken(f"nobody knows {sorted(said)}")
    return breach


_FIRST = {
    "attempted": StudentFirst(attempted_at=NOW, channel="telephone", result="not_reached"),
    "half told": StudentFirst(attempted_at=NOW, channel="telephone"),
    "not tried": StudentFirst(why_not="no_time"),
    "unsaid": StudentFirst(),
}


def _advice(said: Mapping[str, Any]) -> Advice:
    answered = None if said["answer"] == "none" else NOW
    against, outdated = said["answer"] == "against", said.get("outdated", False)
    colleague, left = staff(said["colleague"]), said.get("left", False)
    role = StaffRole(
        colleague, 1, "adviser", _day("yesterday"), NOW if left else _day("in a month")
    )
    return Advice(colleague, NOW, answered, against, outdated, role)


def _open(
    who: Who, record: Record, items: frozenset[str], said: dict[str, Any], does: str
) -> Question:
    usual = "own_record" if who.kind == "student" else "advice"
    consent = _consent(said.pop("consent", {}), does) if does == "disclosure:preview" else None
    through = said.pop("through", record.kept_by)
    purpose = said.pop("purpose", usual)
    name_request = _name_request(said) if does == "name_request:read" else None
    return questions.to_open(who, does, record, purpose, items, through, consent, name_request)


def _opening(does: str) -> Any:
    return lambda who, record, items, said: _open(who, record, items, said, does)


def _print(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    purpose, through = said.pop("purpose", "advice"), said.pop("through", record.kept_by)
    intact = said.pop("intact", True)
    return questions.to_print(who, record, purpose, items, through, intact=intact)


def _destroy(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_attest_destruction(who, record)


def _request(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    ends, kind = _day(said.pop("ends", "in a month")), kind_of(said.pop("for", "welfare_support"))
    return questions.to_request(who, record, kind, items, ends, NOW)


def _agreeing(does: str) -> Any:
    def build(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
        spoken = None
        if does == "consent:record_verbal":
            spoken = _spoken(said.pop("spoken", "yesterday"), said.pop("confirm_by", "tomorrow"))
        return questions.to_agree(
            who,
            does,
            record,
            _consent(said.pop("consent", {}), does),
            NOW,
            text_shown=_digest(said.pop("text_shown", "the text")),
            payload_digest=_digest(said.pop("payload", "the payload")),
            text_current=_digest(said.pop("text_current", "the text")),
            previewed=said.pop("previewed", True),
            spoken=spoken,
            signature=said.pop("signature", "none"),
        )

    return build


def _ending(does: str) -> Any:
    def build(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
        return questions.to_end(who, does, record, _consent(said.pop("consent", {}), does), NOW)

    return build


def _send(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_send(
        who,
        record,
        _consent(said.pop("consent", {}), "disclosure:send"),
        NOW,
        recipient=name_of("thirdParties", said.pop("recipient", "the tutor")),
        purpose=said.pop("purpose", "welfare_support"),
        payload_digest=_digest(said.pop("payload", "the payload")),
        items=items,
    )


def _recall(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_recall(who, record)


def _export(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_export(who, record, _consent(said.pop("consent", {}), "consent:export"))


def _confirm_use(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_confirm_use(
        who,
        record,
        _consent(said.pop("consent", {}), "use:confirm"),
        NOW,
        recipient=name_of("thirdParties", said.pop("recipient", "the tutor")),
        payload_digest=_digest(said.pop("payload", "the payload")),
        items=items,
    )


def _collect(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    question = questions.to_collect(
        record,
        _consent(said.pop("consent", {}), "disclosure:collect"),
        NOW,
        link_valid=said.pop("link_valid", True),
        deliveries=frozenset(map(_item, said.pop("sent_as", _DELIVERY))),
        payload_digest=_digest(said.pop("payload", "the payload")),
        items=items,
    )
    return attrs.evolve(question, who=who)


def _release_copy(
    who: Who, record: Record, items: frozenset[str], said: dict[str, Any]
) -> Question:
    recipient = name_of("students", said.pop("recipient", "the student"))
    previewed = said.pop("previewed", True)
    return questions.to_release_copy(who, record, recipient=recipient, previewed=previewed)


def _recall_copy(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_recall(who, record, "access_copy:recall")


def _collect_copy(
    who: Who, record: Record, items: frozenset[str], said: dict[str, Any]
) -> Question:
    released = None
    if said.pop("released", True):
        this_payload = said.pop("payload", "the payload") == "the payload"
        released = ReleasedCopy(frozenset({_item("accessCopies/the copy")}), this_payload)
    return questions.to_collect_copy(who, record, released, items)


def _on_breach(does: str, usual: Mapping[str, Any]) -> Any:
    def build(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
        breach = _breach(said.pop("breach", dict(usual)))
        return questions.on_breach(who, does, record, breach, NOW)

    return build


def _decide(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    breach = _breach(said.pop("breach", {}))
    return questions.to_decide(
        who,
        record,
        breach,
        NOW,
        despite_advice=said.pop("despite_advice", False),
        emergency=said.pop("emergency", False),
        trusted_contacts=_trusted(said),
    )


def _tell(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_tell(
        who,
        record,
        _breach(said.pop("breach", {"decided": "yesterday"})),
        NOW,
        recipient=name_of("thirdParties", said.pop("recipient", "the doctor")),
        told_at=_day(said.pop("told", "now")),
        trusted_contacts=_trusted(said),
    )


def _trusted(said: dict[str, Any]) -> frozenset[str]:
    return frozenset(name_of("thirdParties", word) for word in said.pop("trusted_contacts", ()))


def _decide_incident(
    who: Who, record: Record, items: frozenset[str], said: dict[str, Any]
) -> Question:
    decider = staff(said.pop("decider", "the adviser"))
    decided = said.pop("decided", False)
    return questions.to_decide_incident(who, record, decider=decider, decided=decided)


def _line_of_the_list(by: str = "the adviser") -> AccessLine:
    actor = name_of("students", by) if by == "the student" else staff(by)
    return AccessLine(
        name_of("accesses", "the line"),
        name_of("records", "the case"),
        "",
        actor,
        NOW,
        "adviser",
        "case_note:read",
        "advice",
    )


def _name_request(said: dict[str, Any], **usual: Any) -> NameRequest | None:
    told = usual | said.pop("name_request", {})
    if told.pop("none", False):
        return None
    view, decided = told.pop("view", None), told.pop("decided", None)
    decision = NameDecision(decided == "release", frozenset(), "", staff("the manager"), NOW, 9)
    found = NameRequest(
        name=name_of("nameRequests", "the record"),
        student=name_of("students", "the student"),
        line=_line_of_the_list(told.pop("named", "the adviser")),
        asked_at=NOW,
        due_at=_day("in a month"),
        view=View(view, NOW) if view else None,
        decision=decision if decided else None,
        of_the_service=not told.pop("left", False),
        hidden=told.pop("hidden", False),
    )
    if told:
        raise ScenarioBroken(f"nobody knows {sorted(told)}")
    return found


def _ask_for_name(
    who: Who, record: Record, items: frozenset[str], said: dict[str, Any]
) -> Question:
    by = said.pop("line", "the adviser")
    line = None if by == "none" else _line_of_the_list(by)
    return questions.to_ask_for_name(who, record, line, asked=said.pop("asked", False))


def _on_name_request(does: str, **usual: Any) -> Any:
    def build(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
        return questions.on_name_request(who, does, record, _name_request(said, **usual))

    return build


def _decide_name(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    answer = said.pop("answer", "release")
    usual = {"release": ["essential_for_rights"], "withhold": ["list_is_enough"]}[answer]
    return questions.to_decide_name(
        who,
        record,
        _name_request(said, view="leaves_it"),
        release=answer == "release",
        grounds=frozenset(said.pop("grounds", usual)),
        not_heard=said.pop("not_heard", ""),
    )


def _dispose(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_dispose(who, record, _day(said.pop("dispose_from", "yesterday")), NOW)


def _walling(does: str) -> Any:
    def build(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
        return questions.to_wall(who, does, record, staff(said.pop("between", "the adviser")))

    return build


def _list_walls(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_list_walls(who, everybodys=said.pop("everybodys", False))


def _check(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_check(who, record.walled)


def _freeze(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return Question(who, "report:freeze", Report(name_of("reports", "the report")))


def _publish(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    frozen_for = said.pop("frozen_for", "annual-report")
    purpose = "" if frozen_for == "nothing" else frozen_for
    return questions.to_publish(who, name_of("reports", "the report"), purpose)


def _explain(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    whose = said.pop("whose", None)
    return questions.to_explain(who, record, _of(whose, who) if whose != "nobody" else None)


def _foresee(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    return questions.to_foresee(who, record, _of(said.pop("whose", None), who))


def _of(whose: str | None, who: Who) -> str:
    return staff(whose) if whose else who.name


def _list(who: Who, record: Record, items: frozenset[str], said: dict[str, Any]) -> Question:
    whose = said.pop("whose", None)
    student = name_of("students", whose) if whose else who.name
    return Question(who, "access_list:read", AccessList(student))


_UNDER_EMBARGO = {"ground": "terrorism-act-2000-s38b", "embargoed": True, "decided": "yesterday"}
_BUILD: Mapping[str, Any] = {
    **{action: _opening(action) for action in questions.OPENING},
    "consent:request": _request,
    "consent:give": _agreeing("consent:give"),
    "consent:confirm": _agreeing("consent:confirm"),
    "consent:record_verbal": _agreeing("consent:record_verbal"),
    "consent:witness": _agreeing("consent:witness"),
    "consent:refuse": _ending("consent:refuse"),
    "consent:withdraw": _ending("consent:withdraw"),
    "consent:record_withdrawal": _ending("consent:record_withdrawal"),
    "consent:export": _export,
    "use:confirm": _confirm_use,
    "disclosure:send": _send,
    "disclosure:recall": _recall,
    "disclosure:collect": _collect,
    "paper:print": _print,
    "paper:destroy": _destroy,
    "access_copy:release": _release_copy,
    "access_copy:recall": _recall_copy,
    "access_copy:collect": _collect_copy,
    "breach:advise": _on_breach("breach:advise", {}),
    "breach:decide": _decide,
    "breach:disclose": _tell,
    "breach:review": _on_breach("breach:review", {"decided": "yesterday", "emergency": True}),
    "breach:add": _on_breach("breach:add", {"decided": "yesterday"}),
    "embargo:review": _on_breach("embargo:review", _UNDER_EMBARGO),
    "embargo:lift": _on_breach("embargo:lift", _UNDER_EMBARGO),
    "incident:decide": _decide_incident,
    "name_request:make": _ask_for_name,
    "name_request:give_view": _on_name_request("name_request:give_view"),
    "name_request:decide": _decide_name,
    "staff_name:release": _on_name_request("staff_name:release", decided="release"),
    "record:dispose": _dispose,
    "wall:declare": _walling("wall:declare"),
    "wall:lift": _walling("wall:lift"),
    "wall:list": _list_walls,
    "conflict:check": _check,
    "report:freeze": _freeze,
    "report:publish": _publish,
    "decision:explain": _explain,
    "decision:foresee": _foresee,
    "access_list:read": _list,
}
ACTIONS = frozenset(_BUILD)

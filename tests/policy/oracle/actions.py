"""The actions, in the sets that reasons are about."""

from __future__ import annotations

from collections.abc import Mapping

YEAR = 367 * 24 * 60 * 60 * 1000
"""A year and a day, in milliseconds: the end of the day counts, and years are leap years."""

READING = frozenset(
    {
        "case_note:read",
        "document:read",
        "paper:print",
        "incident:read",
        "breach:read",
        "enquiry:read",
        "enquiry:answer",
        "third_party:read",
        "registration_form:read",
        "disclosure:preview",
        "access_copy:preview",
        "name_request:read",
    }
)
ANSWERING = frozenset({"consent:give", "consent:confirm", "consent:refuse", "consent:withdraw"})
OWN_YES = frozenset({"consent:give", "consent:confirm"})
"""What a student agrees to in a session of their own."""
NOTING = frozenset({"consent:record_verbal", "consent:witness", "consent:record_withdrawal"})
"""What a student says to a staff member, who notes it."""
AGREEING = frozenset(
    {"consent:give", "consent:confirm", "consent:record_verbal", "consent:witness"}
)
LETTING_GO = frozenset({"disclosure:send", "disclosure:collect", "use:confirm"})
EMBARGO = frozenset({"embargo:review", "embargo:lift"})
BREACHING = EMBARGO | {
    "breach:advise",
    "breach:decide",
    "breach:disclose",
    "breach:review",
    "breach:add",
}
EXPLAINING = frozenset({"decision:explain", "decision:foresee"})
ACCIDENTS = frozenset({"incident:read", "incident:decide"})
WALLS = frozenset({"wall:declare", "wall:lift"})
NAMING = frozenset(
    {"name_request:read", "name_request:give_view", "name_request:decide", "staff_name:release"}
)
"""What is done about a student's request for the name behind a line of their list."""
COPYING = frozenset({"access_copy:release", "access_copy:recall", "access_copy:collect"})
"""What is done with a student's own copy, once it is made."""
BY_STUDENT = ANSWERING | {
    "access_copy:collect",
    "registration_form:read",
    "disclosure:preview",
    "access_list:read",
    "consent:export",
    "name_request:make",
    "name_request:read",
    "staff_name:release",
}
BY_STAFF = (
    READING
    | BREACHING
    | WALLS
    | EXPLAINING
    | NOTING
    | {"consent:request", "consent:export", "disclosure:send", "disclosure:recall", "use:confirm"}
    | {"incident:decide", "record:dispose", "report:freeze", "report:publish", "conflict:check"}
    | {"name_request:give_view", "name_request:decide", "paper:destroy", "wall:list"}
    | {"access_copy:release", "access_copy:recall"}
)
ON_A_RECORD = (
    READING
    | ANSWERING
    | NOTING
    | LETTING_GO
    | BREACHING
    | WALLS
    | EXPLAINING
    | NAMING
    | COPYING
    | {"consent:request", "consent:export", "disclosure:recall"}
    | {"incident:decide", "record:dispose", "name_request:make", "paper:destroy"}
)
IN_USE = (
    ON_A_RECORD
    - WALLS
    - EMBARGO
    - EXPLAINING
    - {"consent:refuse", "consent:withdraw", "name_request:make"}
)
"""A yes can be taken back, a wall put up, an embargo lifted, a decision explained, whatever has
become of the record; and a line outlives what it is about."""

KIND_OF_RECORD: Mapping[str, str] = {
    **dict.fromkeys(("case_note:read", "document:read", "disclosure:preview"), "case"),
    **dict.fromkeys(("paper:print", "paper:destroy"), "case"),
    **dict.fromkeys(("consent:request", "disclosure:recall", *LETTING_GO), "case"),
    **dict.fromkeys(("access_copy:preview", *COPYING), "case"),
    **dict.fromkeys(("breach:read", *BREACHING), "breach"),
    **dict.fromkeys(NAMING, "name_request"),
    "enquiry:read": "enquiry",
    "enquiry:answer": "enquiry",
    "registration_form:read": "registration_form",
    "third_party:read": "third_party",
}
KIND_OF_ITEMS: Mapping[str, frozenset[str]] = {
    "case_note:read": frozenset({"notes"}),
    "document:read": frozenset({"documents"}),
    "paper:print": frozenset({"notes", "documents"}),
    "incident:read": frozenset({"incidents"}),
    "disclosure:preview": frozenset({"documents", "disclosures", "contacts"}),
    "access_copy:preview": frozenset({"accessCopies"}),
    "name_request:read": frozenset({"nameRequests", "nameViews", "nameDecisions"}),
}

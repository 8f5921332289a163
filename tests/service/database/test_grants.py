"""
What each process may change or remove in its database, whole: what a migration grants shows here.

What was written once stays, but for the columns that say how far something has come (`serve`), and
for what disposal wipes (`work`). And `work`, which opens nothing, sees nothing sealed either.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.kit.servers.session import Servers

RELAY = {"outbox": {"delete", "update"}, "requests": {"delete"}}
"""What every worker does: send events, forget calls that nobody repeats any more."""
CHANGES: Mapping[str, Mapping[str, set[str]]] = {
    "consent_serve": {"frontier": {"update(facts, peaks, size)"}},
    "consent_work": {"staff_roles": {"update"}, "witnesses": {"update"}, **RELAY},
    "cases_serve": {
        "breach_addenda": {"update(digest, number)"},
        "breach_told": {"update(authorised)"},
        "breaches": {
            "update(ground, imminent, parts, recipients, serious, state, student_first, version,"
            " whose_safety)"
        },
        "cases": {"update(outcome_sealed, outcome_wrapped_key, state, version)"},
        "contacts": {"update(consent)"},
        "disclosures": {
            "update(code_hash, code_salt, consent, delivery, delivery_sealed, delivery_wrapped_key,"
            " first_opened_at, link_expires_at, link_hash, openings, state, version)"
        },
        "enquiries": {"update(case_id, question_state, reply_channel)"},
        "involvements": {"update(last_day)"},
        "link_tries": {"update(tries)"},
        "mails": {"delete", "update(acknowledged_at, acknowledged_by)"},
        "name_request_words": {"update(counts)"},
        "name_requests": {"update(about_record)"},
        "prints": {"update(destroyed_at, destroyed_by)"},
    },
    "cases_work": {
        "access_copies": {
            "update(content_sealed, payload_digest, payload_salt, sealed, wrapped_key)"
        },
        "breach_addenda": {"update(digest, salt, sealed, words_digest, wrapped_key)"},
        "breach_told": {"update(digest, salt, sealed, wrapped_key)"},
        "breach_words": {"update(digest, salt, sealed, wrapped_key)"},
        "breaches": {"update(ground, parts, recipients, student_first, whose_safety)"},
        "cases": {
            "update(outcome_sealed, outcome_wrapped_key, state, topic_sealed, topic_wrapped_key,"
            " version)"
        },
        "contacts": {"update(payload_digest, payload_salt, sealed, wrapped_key)"},
        "disclosures": {
            "update(code_hash, code_salt, content_sealed, delivery, delivery_sealed,"
            " delivery_wrapped_key, link_hash, payload_digest, payload_salt, sealed, state,"
            " version, wrapped_key)"
        },
        "documents": {
            "update(content_digest, content_salt, content_sealed, title_sealed, wrapped_key)"
        },
        "enquiries": {"update(sealed, wrapped_key)"},
        "incident_decisions": {"update(sealed, wrapped_key)"},
        "incidents": {"update(sealed, wrapped_key)"},
        "link_tries": {"delete"},
        "mails": {"delete", "update(leaves_at, sealed, state)"},
        "name_request_words": {"update(digest, salt, sealed, wrapped_key)"},
        "notes": {"update(sealed, wrapped_key)"},
        "passes_used": {"delete"},
        "redactions": {"update(sealed, wrapped_key)"},
        "staff_addresses": {"update"},
        **RELAY,
    },
    "identity_serve": {
        "crsids": {"delete"},
        "passkey_beginnings": {"delete"},
        "passkeys": {"delete", "update(remove_time, sign_count)"},
        "registration_forms": {"update"},
        "sessions": {"update"},
        "sign_ins": {"delete"},
        "staff_members": {"update"},
        "staff_roles": {"update"},
        "students": {"update"},
    },
    "identity_work": {
        "passkey_beginnings": {"delete"},
        "passkeys": {"delete"},
        "sessions": {"delete"},
        "sign_ins": {"delete"},
        **RELAY,
    },
    "reports_serve": {},
    "reports_work": {"case_facts": {"delete"}, "student_facts": {"delete", "update"}, **RELAY},
}
ADDRESSES = {("cases_work", "mails", "sealed"), ("cases_work", "staff_addresses", "sealed")}
"""Where a mail goes: the worker that sends it opens these, and no record's key opens with that."""

RIGHTS = """
    with granted as (
        select relname, acl.grantee, acl.privilege_type as may, '' as columns
        from pg_class, aclexplode(relacl) acl
        where relnamespace = 'public'::regnamespace and relkind = 'r'
        union all
        select relname, acl.grantee, acl.privilege_type,
            '(' || string_agg(attname, ', ' order by attname) || ')'
        from pg_attribute join pg_class on pg_class.oid = attrelid, aclexplode(attacl) acl
        where relnamespace = 'public'::regnamespace and not attisdropped
        group by relname, acl.grantee, acl.privilege_type
    )
    select relname, lower(may) || columns from granted
    where grantee::regrole::text = %s and may not in ('SELECT', 'INSERT')
"""
SEALED = """
    select relname, attname from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0
    and attname ~ '(sealed|wrapped_key)$' and has_column_privilege(%s, attrelid, attnum, 'select')
"""


@pytest.fixture(scope="module")
def databases(servers: Servers) -> Mapping[str, str]:
    """A database of each service, as its migrations leave it."""
    services = sorted({role.partition("_")[0] for role in CHANGES})
    return {service: servers.new_database(service) for service in services}


@pytest.mark.parametrize("role", CHANGES)
def test_what_was_written_stays_but_for_these(
    servers: Servers, databases: Mapping[str, str], role: str
) -> None:
    """R38: immutable. Nobody may truncate, refer to or put triggers on a table either."""
    found: dict[str, set[str]] = {}
    with servers.connect(databases[role.partition("_")[0]]) as connection:
        for table, may in connection.execute(RIGHTS, (role,)):
            found.setdefault(table, set()).add(may)
    assert found == CHANGES[role]


@pytest.mark.parametrize("role", [role for role in CHANGES if role.endswith("_work")])
def test_a_worker_sees_nothing_sealed_but_where_a_mail_goes(
    servers: Servers, databases: Mapping[str, str], role: str
) -> None:
    """R23: a worker makes no call that consent could decide about, so it reads no record."""
    with servers.connect(databases[role.partition("_")[0]]) as connection:
        seen = {(role, *row) for row in connection.execute(SEALED, (role,))}
    assert seen <= ADDRESSES

"""
Access requests, their log, and the copies that are made for them. Only added to.

What is behind a caller's walls is not there for them: a request with the student that it is of, a
copy and what happened to it with its case.
"""

from alembic import op

from common.hidden_rows import hide_rows_1

revision = "0017"
down_revision = "0016"

TABLES = """
create table access_requests (
    id uuid primary key,
    student_id uuid not null,
    received_on date not null,
    manner text not null,
    author text not null,
    created_at timestamptz not null
);
create index access_requests_student on access_requests (student_id, created_at);
create index access_requests_oldest on access_requests (received_on, id);

create table access_copies (
    id uuid primary key,
    request_id uuid not null references access_requests (id),
    case_id uuid not null references cases (id),
    items text[] not null,
    redactions text[] not null,
    left_out text[] not null,
    author text not null,
    created_at timestamptz not null,
    wrapped_key text,
    sealed bytea,
    content_sealed bytea,
    payload_salt bytea,
    payload_digest text
);
create index access_copies_request on access_copies (request_id);
create index access_copies_case on access_copies (case_id);

create table access_request_events (
    position bigint generated always as identity primary key,
    request_id uuid not null references access_requests (id),
    case_id uuid references cases (id),
    copy_id uuid references access_copies (id),
    happening text not null,
    at timestamptz not null,
    day date not null,
    author text not null,
    reason text not null
);
create index access_request_events_request on access_request_events (request_id, position);
"""

# What was there when a request came in, what third parties had seen included, and is in no copy
# that is out; also what others have been marked in since, for then that copy stays. It shows its
# caller what the tables show them.
LEFT = """
create view access_left with (security_invoker = true) as
select request.id as request_id, there.item, there.created_at
from access_requests request
join cases on cases.student = 'students/' || request.student_id
    and cases.state in ('open', 'closed')
cross join lateral (
    select 'notes/' || notes.id as item, created_at from notes where case_id = cases.id
    union all
    select 'documents/' || documents.id, created_at from documents where case_id = cases.id
    union all
    select 'disclosures/' || disclosures.id, first_opened_at from disclosures
    where case_id = cases.id and first_opened_at is not null
) there
where there.created_at <= request.created_at
and not exists (
    select from access_copies copy
    where copy.request_id = request.id
    and (
        there.item = any (copy.left_out)
        or there.item = any (copy.items) and (
            not exists (select from redactions where redactions.item = there.item)
            or exists (
                select from unnest(copy.redactions) as used
                where starts_with(used, there.item || '/redactions/')
            )
        )
    )
    and (
        select happening from access_request_events event
        where event.copy_id = copy.id and happening in ('copy_released', 'copy_recalled')
        order by position desc limit 1
    ) = 'copy_released'
);
"""

GRANTS = """
grant select, insert on access_requests, access_copies, access_request_events to cases_serve;
grant select on access_left to cases_serve;
grant select (case_id), update (wrapped_key, sealed, content_sealed, payload_salt, payload_digest)
    on access_copies to cases_work;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(LEFT)
    op.execute(GRANTS)
    hide_rows_1(op.execute, "cases", "access_requests", "student_id")
    hide_rows_1(op.execute, "cases", "access_copies", "case_id")
    hide_rows_1(op.execute, "cases", "access_request_events", "case_id")


def downgrade() -> None:
    op.execute("drop view access_left")
    op.execute("drop table access_request_events, access_copies, access_requests")

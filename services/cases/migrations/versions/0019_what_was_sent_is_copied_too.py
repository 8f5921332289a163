"""A student's own copy is of what third parties have seen as well (R24)."""

from alembic import op

revision = "0019"
down_revision = "0018"

WITH_DISCLOSURES = """
create or replace view access_left with (security_invoker = true) as
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

BEFORE = """
create or replace view access_left with (security_invoker = true) as
select request.id as request_id, there.item, there.created_at
from access_requests request
join cases on cases.student = 'students/' || request.student_id
    and cases.state in ('open', 'closed')
cross join lateral (
    select 'notes/' || notes.id as item, created_at from notes where case_id = cases.id
    union all
    select 'documents/' || documents.id, created_at from documents where case_id = cases.id
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


def upgrade() -> None:
    op.execute(WITH_DISCLOSURES)


def downgrade() -> None:
    op.execute(BEFORE)

"""
Breaches: whose safety, the student first, decisions in an emergency, reviews and embargoes.

Earlier versions of facts get what was not asked then: nothing.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

FACTS = """
alter table breach_facts
    add column whose_safety text not null default '',
    add column student_first jsonb not null default '{}',
    add column has_nobody_reachable boolean not null default false;
alter table breach_decisions add column emergency boolean not null default false;
create index breach_decisions_decided_at on breach_decisions (decided_at);
"""

REVIEWS = """
create table breach_reviews (
    breach text primary key references breach_decisions (breach),
    reviewed_by text not null,
    reviewed_at timestamptz not null,
    against boolean not null,
    ledger_index bigint not null
);

create table embargo_reviews (
    position bigint generated always as identity primary key,
    breach text not null,
    reviewed_by text not null,
    reviewed_at timestamptz not null,
    ledger_index bigint not null
);
create index embargo_reviews_breach on embargo_reviews (breach, reviewed_at);

create table embargo_lifts (
    breach text primary key,
    lifted_by text not null,
    lifted_at timestamptz not null,
    reason text not null,
    ledger_index bigint not null
);
"""

# `work` counts and sees what is overdue; it sees no ground, no recipient and no colleague.
GRANTS = """
grant select, insert on breach_reviews, embargo_reviews, embargo_lifts to consent_serve;
grant select (breach, decided_at, emergency) on breach_decisions to consent_work;
grant select (breach) on breach_reviews to consent_work;
"""


def upgrade() -> None:
    for statements in (FACTS, REVIEWS, GRANTS):
        op.execute(statements)


def downgrade() -> None:
    op.execute(
        "drop table embargo_lifts, embargo_reviews, breach_reviews;"
        " drop index breach_decisions_decided_at;"
        " revoke select (breach, decided_at, emergency) on breach_decisions from consent_work;"
        " alter table breach_decisions drop column emergency;"
        " alter table breach_facts drop column whose_safety, drop column student_first,"
        " drop column has_nobody_reachable"
    )

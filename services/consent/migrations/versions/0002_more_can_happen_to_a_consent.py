"""
A consent may be spoken and confirmed, and be replaced by a newer one.

So a disclosure may have had several consents; the newest counts. Who did it stands beside each
line. The columns for the new come with a default, so the version before can go on meanwhile.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

ASKED = """
alter table consents drop constraint consents_disclosure_key;
create index consents_disclosure on consents (disclosure, ledger_index desc);
alter table consents add column language text not null default 'en';
"""

LOG = """
alter table consent_events drop constraint consent_events_state_check;
alter table consent_events add constraint consent_events_state_check check (
    state in ('given', 'refused', 'confirmed', 'withdrawn', 'expired', 'superseded')
);
alter table consent_events
    add column actor text not null default '',
    add column manner text,
    add column place text,
    add column spoken_at timestamptz,
    add column confirm_by timestamptz;
alter table consent_events add constraint consent_events_spoken_whole check (
    num_nulls(manner, place, spoken_at, confirm_by) in (0, 4)
);
update consent_events set actor = consents.student from consents
    where consents.consent = consent_events.consent
    and consent_events.state in ('given', 'refused', 'withdrawn');
create unique index consent_events_confirmed_once on consent_events (consent)
    where state = 'confirmed';
"""


def upgrade() -> None:
    op.execute(ASKED)
    op.execute(LOG)


def downgrade() -> None:
    # What the version before can't read has to be gone: it fails on it rather than lose it.
    op.execute(
        """
        drop index consent_events_confirmed_once;
        alter table consent_events drop constraint consent_events_spoken_whole;
        alter table consent_events drop column actor, drop column manner, drop column place,
            drop column spoken_at, drop column confirm_by;
        alter table consent_events drop constraint consent_events_state_check;
        alter table consent_events add constraint consent_events_state_check check (
            state in ('given', 'refused', 'withdrawn', 'expired')
        );
        alter table consents drop column language;
        drop index consents_disclosure;
        alter table consents add constraint consents_disclosure_key unique (disclosure);
        """
    )

"""
What is sent is sealed for its recipient: its key lies here under one that takes the link to make.

A link that was sent before leads to nothing that is sealed so, and its secret is not kept, so it is
dead: what is still wanted is sent again. Whether and how often it was looked at stays.
"""

from alembic import op

revision = "0019"
down_revision = "0018"

COLUMNS = """
alter table disclosures
    add column delivery uuid,
    add column delivery_wrapped_key text,
    add column delivery_sealed bytea;
delete from mails where kind in ('link', 'code') and state in ('waiting', 'leaving');
update disclosures set state = 'not_sent' where state = 'waiting';
update disclosures
    set version = version + 1, link_hash = null, code_salt = null, code_hash = null
    where link_hash is not null;
"""

# `work` can only empty them; it sees neither key nor ciphertext.
GRANTS = """
grant update (delivery, delivery_wrapped_key, delivery_sealed) on disclosures
    to cases_serve, cases_work;
grant select (link_expires_at) on disclosures to cases_work;
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute(
        """
        revoke select (link_expires_at) on disclosures from cases_work;
        alter table disclosures drop column delivery, drop column delivery_wrapped_key,
            drop column delivery_sealed;
        """
    )

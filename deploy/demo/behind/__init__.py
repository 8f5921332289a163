"""
A look behind the scenes: what a database superuser, a thief of one service or an auditor can see.

Nobody in the story uses these; they are here so that the checks look at the real thing.
"""

from deploy.demo.behind.database import (
    dump,
    dump_to_file,
    holds,
    restored_note,
    rows_about,
    wait_for_facts,
)
from deploy.demo.behind.ledger import (
    entry,
    fsck_of_tampered_copy,
    is_witnessed,
    latest_entry,
    order_of_opening,
    run_sas,
    trace_tree,
)
from deploy.demo.behind.mail import arrives, mail_for, mails_to
from deploy.demo.behind.vault import decrypt_refused, key_is_gone, record_key, vault_as

__all__ = [
    "arrives",
    "decrypt_refused",
    "dump",
    "dump_to_file",
    "entry",
    "fsck_of_tampered_copy",
    "holds",
    "is_witnessed",
    "key_is_gone",
    "latest_entry",
    "mail_for",
    "mails_to",
    "order_of_opening",
    "record_key",
    "restored_note",
    "rows_about",
    "run_sas",
    "trace_tree",
    "vault_as",
    "wait_for_facts",
]

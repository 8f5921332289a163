"""Recall: a staff member takes back what was sent, or is about to be (R14)."""

from __future__ import annotations

import structlog

from common.errors import NotAvailable, WrongState
from services.cases.actions.tools import Tools
from services.cases.domain.disclosures import Disclosure
from services.cases.domain.names import id_of, record_of

log = structlog.get_logger(__name__)


def recall_disclosure(tools: Tools, name: str) -> Disclosure:
    """
    Recall a disclosure: mails that still wait are not sent, and a link that is out shows nothing.

    Consent decides and commits that first, and from then on lets nobody collect; so it holds from
    that moment, whatever happens here. The consent itself stands: it may be sent again.

    Raises:
        NotAvailable: the caller may not know, or there is no such disclosure.
        RefusedByPolicy: consent refuses, with every reason.
        WrongState: it was not sent.
    """
    with tools.look() as reads:
        found = reads.disclosures.find(id_of(name, "disclosures"))
    case_id = found.case_id if found else name.partition("/")[2]
    tools.consent.record_recall(name, record_of(case_id))
    if found is None:
        raise NotAvailable
    with tools.begin() as work:
        work.mails.forget(name)
        if not work.disclosures.recall(found.id):
            raise WrongState("It is not sent, so there is nothing to recall.")
        work.commit()
        recalled = work.disclosures.find(found.id)
    if recalled is None:
        raise NotAvailable
    log.info("disclosure_recalled", disclosure=name)
    return recalled

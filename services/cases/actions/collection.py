"""
How a third party collects a disclosure: with a link and a code, and consent's yes each time.

Everything that is not the document is the same answer: an unknown link, a wrong code, a link that
is used up or too old, a consent taken back, a server that can't be asked. Whoever tries learns
nothing, not even whether there ever was a letter.
"""

from __future__ import annotations

import structlog

from common.errors import NotAvailable, ServiceError
from common.passes import PassRefused
from common.seal import SealBroken
from services.cases.actions.deliveries import SealedDelivery
from services.cases.actions.egress import Released, let_out
from services.cases.actions.payloads import find_payload
from services.cases.actions.tools import Tools
from services.cases.domain.disclosures import Disclosure
from services.cases.domain.links import code_is_right, hash_token
from services.cases.domain.names import name_of, new_id, record_of
from services.cases.domain.payload import PayloadChanged
from services.cases.storage.disclosures import LiveLink

log = structlog.get_logger(__name__)


def collect_disclosure(tools: Tools, *, link_token: str, code: str) -> Released:
    """
    Give a third party the document, against link and code.

    An unknown link takes the same way as a known one: a try that is counted, the slow hash, and
    consent's decision, which is written down as well. That consent has more to load for a known
    one does not show: every answer leaves at a beat. Looking again while the link lives is
    allowed, and decided and recorded each time.

    Raises:
        NotAvailable: for every reason.
        TooManyCalls: others try at the same moment, whatever they try.
    """
    with tools.pace.kept():
        try:
            link, right = _try(tools, link_token, code)
            payload = find_payload(tools, link.disclosure.name) if link and right else None
            if link is None or payload is None:
                _refused(tools, link.disclosure if link else None)
                raise NotAvailable
            return _collect(tools, SealedDelivery(link.delivery, payload, link_token))
        except ServiceError as error:
            log.info("disclosure_not_collected", because=error.reason_name())
        raise NotAvailable


def _try(tools: Tools, link_token: str, code: str) -> tuple[LiveLink | None, bool]:
    """
    Find what this link leads to, and say whether the code is right.

    One transaction: the try is held until the code was looked at, so guesses at once queue up
    behind each other; and a connection that breaks in between costs a right code no try.
    """
    link_hash, now = hash_token(link_token), tools.now()
    with tools.begin() as work:
        tries = work.link_tries.take(link_hash, now)
        link = work.disclosures.by_link(link_hash, now, tries=tries)
        right = code_is_right(code, link.stored if link else None)
        if right:
            work.link_tries.give_back(link_hash)
        work.commit()
    return link, right


def _refused(tools: Tools, disclosure: Disclosure | None) -> None:
    """Have consent write down that somebody tried; it answers no."""
    tools.consent.authorise_collection(
        disclosure.name if disclosure else name_of("disclosures", new_id()),
        record_of(disclosure.case_id if disclosure else new_id()),
        link_valid=False,
    )


def _collect(tools: Tools, found: SealedDelivery) -> Released:
    disclosure = found.payload.disclosure
    keys = tools.consent.authorise_collection(
        disclosure.name,
        record_of(disclosure.case_id),
        link_valid=True,
        payload_digest=disclosure.payload_digest,
        sealed=[found.sealed],
    )
    try:
        with tools.begin() as work:
            released = let_out(tools, work, found, keys, "disclosure:collect")
            work.disclosures.collected(disclosure.id, tools.now())
            work.commit()
    except (PayloadChanged, SealBroken, PassRefused) as error:
        log.error("disclosure_broken", exc_info=error)
        # The gate allowed something else than what lies here: it stays, and that is written down.
        _refused(tools, disclosure)
        raise NotAvailable from None
    log.info("disclosure_collected", disclosure=disclosure.name)
    return released

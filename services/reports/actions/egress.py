"""
The door: the one place through which a report leaves the Service, and only with a pass of the gate.

The gate (`consent`) signs to whom, what for, which report and which bytes. Here that is compared
with what lies frozen. A pass opens the door once, within seconds.
"""

from __future__ import annotations

import hashlib

import attrs
import structlog

from common.errors import NotAvailable
from common.passes import Bound, PassRefused
from services.reports.actions.reports import get_report
from services.reports.actions.tools import Tools
from services.reports.domain.report import Report

log = structlog.get_logger(__name__)

MEDIA_TYPE = "text/csv"


@attrs.frozen
class Released:
    """What may leave in this call. Made here only."""

    content: bytes = attrs.field(repr=False)
    sha256: str


def publish_report(tools: Tools, name: str, recipient: str) -> Released:
    """
    Let a frozen report leave, to everybody or to one third party.

    Raises:
        NotAvailable: there is none of this name; or the pass is not for exactly this, now, once.
        NotAvailable, SecondFactorNeeded, RefusedByPolicy: it may not leave.
        TryAgain: consent can't answer; nothing leaves.
    """
    report = get_report(tools, name)
    content = report.file
    sha256 = hashlib.sha256(content).hexdigest()
    gate_pass = tools.consent.authorise_publication(name, report.ledger_index, recipient, sha256)
    try:
        decision = tools.passes.check(gate_pass, bound(report, recipient, sha256))
        with tools.begin() as work:
            if not work.reports.publish(decision, report, recipient, sha256, tools.now()):
                raise PassRefused("used")
            work.commit()
    except PassRefused as error:
        log.error("report_not_published", report=name, because=error.because)
        raise NotAvailable from None
    log.info("report_published", report=name)
    return Released(content, sha256)


def bound(report: Report, recipient: str, sha256: str) -> Bound:
    """Say what lies here, as the gate must have said it."""
    return Bound(
        action="report:publish",
        about=report.name,
        recipient=recipient,
        purpose=report.purpose,
        items=frozenset({report.name}),
        payload=sha256,
    )

"""Coded facts for reports: sealed by Vault before they leave, so that the broker sees nothing."""

from __future__ import annotations

from datetime import date

import attrs
from sas.cases.v1.events_pb2 import CaseFactsRecorded

from common.vault import Vault
from services.cases.domain.retention import academic_year

_MOUNT = "facts"


@attrs.frozen
class Facts:
    """Makes events of coded facts. This process can seal facts, and open none."""

    _vault: Vault

    def sealed(self, record: str, student: str, day: date, facts: bytes) -> CaseFactsRecorded:
        """
        Seal facts under the key of the academic year of *day*.

        The student's pseudonym only lets reports count people: it is an HMAC (SHA-256, in hex)
        whose key never leaves Vault. Without a student it is empty.

        Raises:
            TryAgain: Vault can't be reached.
        """
        cohort = academic_year(day)
        pseudonym = self._vault.hmac("ix", "pseudonym", student.encode()).hex() if student else ""
        return CaseFactsRecorded(
            record=record,
            pseudonym=pseudonym,
            cohort=cohort,
            sealed_facts=self._vault.encrypt(_MOUNT, f"cohort-{cohort}", facts),
        )

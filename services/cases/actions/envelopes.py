"""
Envelopes for questions from outside, made before anybody asks.

A question must not take longer when it is about a student of ours, so while it is asked nothing
happens but sealing it and storing it: no other server is asked, whose caches or load could tell.
What asking needs of others, a record that consent knows and a data key from Vault, is made
beforehand, in the background. Each envelope holds one question, and the key of an empty envelope
opens nothing that anybody said.

What a stop leaves behind are a few records and keys that seal nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import attrs
import structlog

from common.errors import ServiceError
from common.telemetry import span
from services.cases.domain.names import name_of, new_id, record_of
from services.cases.domain.states import RecordKind
from services.cases.storage.consent import Consent
from services.cases.storage.sealing import Envelope, Sealing

log = structlog.get_logger(__name__)

KEPT = 8
"""Envelopes at hand: as many questions may come at once without waiting."""


@attrs.frozen
class NewEnquiry:
    """An enquiry that does not exist yet, with the envelope for its words."""

    id: str
    envelope: Envelope = attrs.field(repr=False)


def make_envelope(consent: Consent, sealing: Sealing, enquiry_id: str) -> NewEnquiry:
    """
    Make the record of a new enquiry, and the envelope for its words.

    Raises:
        TryAgain: consent or Vault can't be reached.
    """
    consent.register(record_of(enquiry_id), RecordKind.ENQUIRY)
    sealing.begin(RecordKind.ENQUIRY, enquiry_id)
    item = name_of("enquiries", enquiry_id)
    return NewEnquiry(enquiry_id, sealing.envelope(RecordKind.ENQUIRY, enquiry_id, item))


class Envelopes:
    """A few empty envelopes. The first question makes its own, and has the others made."""

    def __init__(self, make: Callable[[str], NewEnquiry], kept: int = KEPT) -> None:
        self._make = make
        self._kept = kept
        self._ready: deque[NewEnquiry] = deque()
        self._few = threading.Event()
        self._begun = threading.Lock()
        self._filler: threading.Thread | None = None

    def take(self) -> NewEnquiry:
        """
        Take an envelope; if none is at hand, make one, for whomever the question is about.

        Raises:
            TryAgain: none is at hand, and consent or Vault can't be reached.
        """
        self._begin()
        try:
            taken = self._ready.popleft()
        except IndexError:
            self._few.set()
            return self._make(new_id())
        if len(self._ready) < self._kept // 2:
            self._few.set()
        return taken

    def fill(self) -> None:
        """
        Make as many as there should be.

        Raises:
            TryAgain: consent or Vault can't be reached.
        """
        while len(self._ready) < self._kept:
            self._ready.append(self._make(new_id()))

    def _begin(self) -> None:
        with self._begun:
            if self._filler is None:
                self._filler = threading.Thread(
                    target=self._keep_filling, name="envelopes", daemon=True
                )
                self._filler.start()

    def _keep_filling(self) -> None:
        while self._few.wait():
            self._few.clear()
            try:
                with span("timer make_envelopes"):
                    self.fill()
            except ServiceError as error:
                # The next question asks again, and is told to try again if it still can't be done.
                log.warning("envelopes_not_made", because=error.reason_name())

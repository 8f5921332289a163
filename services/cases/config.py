"""The settings of cases, read once."""

from __future__ import annotations

import attrs

from services.cases.storage.mail import Mail


@attrs.frozen
class Settings:
    """The section `[settings]`."""

    public_url: str
    """Where students and third parties reach the Service; one-time links begin with it."""
    smtp_host: str
    smtp_port: int
    mail_from: str
    """The sender of all mails to third parties. Must not name the Service (R5)."""

    hold_seconds: int = 120
    """How long the mails of a disclosure wait, so that a staff member can still recall it (R14)."""

    renderings_at_once: int = 2
    """How many files are rendered at the same time; each may take a processor and a gigabyte."""

    answer_beat_ms: int = 500
    """Who collects, or tries to, is answered at a multiple of this (R9). Much longer than it takes
    on a busy machine: some 100 ms."""

    def mail(self) -> Mail:
        """Give what sends mails."""
        return Mail(
            host=self.smtp_host,
            port=self.smtp_port,
            sender=self.mail_from,
            public_url=self.public_url,
        )

"""The settings of cases, read once."""

from __future__ import annotations

import attrs


@attrs.frozen
class Settings:
    """The section `[settings]`."""

    public_url: str
    """Where students and third parties reach the Service; one-time links begin with it."""
    smtp_host: str
    smtp_port: int
    mail_from: str
    """The sender of the two mails of a disclosure. Must not name the Service (R5)."""

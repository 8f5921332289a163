"""
Mails to third parties: so neutral that whoever sees one learns nothing (R5, R9).

No word about the Service, a student or a letter, in sender, subject or text. The link and the code
go by two mails. The link's secret is in the URL's fragment, which browsers do not send, so it is in
no server's log.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

import attrs
import structlog

from common.errors import ServiceError, TryAgain
from services.cases.domain.links import FreshLink

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS = 5.0
_LINK_TEXT = """\
There is a message for you. You can read it here:

{url}

You will be asked for a code, which comes in a separate e-mail.
If you did not expect a message, you need not do anything.
"""
_CODE_TEXT = """\
Your code is {code}.

It belongs to the message that another e-mail has told you about.
"""


class NotTaken(Exception):
    """The mail server took a mail for nobody: the address is none."""


class MailAway(TryAgain):
    """The mail server could not be reached, so nothing counts as sent."""

    def __init__(self) -> None:
        ServiceError.__init__(
            self, "The e-mails could not be sent, so nothing is shown to anybody yet. Send again."
        )


@attrs.frozen
class Mail:
    """Sends the two mails of a disclosure, and the words that everybody gets."""

    host: str
    port: int
    sender: str
    public_url: str

    def send_link(self, address: str, fresh: FreshLink) -> None:
        """
        Send the link, then the code. A repeat needs a fresh link: this one is not kept.

        Raises:
            MailAway: one of the mails was not accepted. Without the other it is worth nothing.
        """
        url = f"{self.public_url}/d/#{fresh.token}"
        mails = [
            self._mail(address, "You have a message", _LINK_TEXT.format(url=url)),
            self._mail(address, "Your code", _CODE_TEXT.format(code=fresh.code)),
        ]
        try:
            self._send(mails)
        except NotTaken:
            raise MailAway from None

    def send_reply(self, address: str, text: str) -> None:
        """
        Send the words that everybody gets (R9).

        Raises:
            NotTaken: the mail server takes no mail for this address.
            MailAway: it can't be reached, or does not take mail now.
        """
        self._send([self._mail(address, "Your message", text + "\n")])

    def _send(self, mails: Sequence[EmailMessage]) -> None:
        try:
            with smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_SECONDS) as server:
                for mail in mails:
                    server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            log.warning("mail_not_taken", error=type(error).__name__)
            raise NotTaken from None
        except (OSError, smtplib.SMTPException) as error:
            # Its text may quote the address.
            log.warning("mail_not_sent", error=type(error).__name__)
            raise MailAway from None

    def _mail(self, address: str, subject: str, text: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self.sender
        mail["To"] = address
        mail["Subject"] = subject
        mail["Date"] = formatdate(usegmt=True)
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail.set_content(text)
        return mail

"""
Mails to third parties and staff: so neutral that whoever sees one learns nothing (R5, R9).

No word about the Service, a student or a letter, in sender, subject or text. The link and the code
go by two mails. The link's secret is in the URL's fragment, which browsers do not send, so it is in
no server's log.
"""

from __future__ import annotations

import contextlib
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

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


_NOTICE_TEXT = """\
Something waits for you. Please sign in to see it.
"""


class NotTaken(Exception):
    """The mail server took a mail for nobody: the address is none."""


class MailAway(TryAgain):
    """The mail server could not be reached, or takes no mail now: nothing counts as sent."""

    def __init__(self) -> None:
        ServiceError.__init__(
            self, "The e-mails could not be sent, so nothing is shown to anybody yet. Send again."
        )


class MailUnsure(MailAway):
    """The mail server was lost after it had a mail and before it said what became of it."""


class _Server(smtplib.SMTP):
    """A mail server, and whether it has been given a mail that it may take (RFC 5321, 4.5.3.2)."""

    given = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Give it a mail."""
        self.given = True
        answer = super().data(msg)
        self.given = False
        return answer


@attrs.frozen
class Mail:
    """Sends the two mails of a disclosure, the words that everybody gets, and notices to staff."""

    host: str
    port: int
    sender: str
    public_url: str

    def send_both(self, address: str, fresh: FreshLink) -> None:
        """
        Send the link, then the code. A repeat needs a fresh link: this one is not kept.

        Raises:
            NotTaken: the mail server takes no mail for this address.
            MailAway: one of the mails was not accepted. Without the other it is worth nothing.
        """
        self._send([self._link(address, fresh.token), self._code(address, fresh.code)])

    def send_link(self, address: str, token: str) -> None:
        """
        Send the link alone.

        Raises:
            NotTaken: the mail server takes no mail for this address.
            MailAway: it can't be reached, or does not take mail now.
            MailUnsure: it may have taken it.
        """
        self._send([self._link(address, token)])

    def send_code(self, address: str, code: str) -> None:
        """
        Send the code alone.

        Raises:
            NotTaken, MailAway, MailUnsure: as for the link.
        """
        self._send([self._code(address, code)])

    def send_reply(self, address: str, text: str) -> None:
        """
        Send the words that everybody gets (R9).

        Raises:
            NotTaken, MailAway, MailUnsure: as for the link.
        """
        self._send([self._mail(address, "Your message", text + "\n")])

    def send_notice(self, address: str) -> None:
        """
        Tell a staff member that something waits for them: not what, nor where, nor about whom.

        Raises:
            NotTaken, MailAway, MailUnsure: as for the link.
        """
        self._send([self._mail(address, "Something waits for you", _NOTICE_TEXT)])

    def _send(self, mails: Sequence[EmailMessage]) -> None:
        # What a failure says may quote the address, so only its class is logged.
        try:
            server = _Server(self.host, self.port, timeout=_TIMEOUT_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail_not_sent", error=type(error).__name__)
            raise MailAway from None
        try:
            for mail in mails:
                server.send_message(mail)
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()  # what it has said yes to stays taken
        except smtplib.SMTPRecipientsRefused as error:
            log.warning("mail_not_taken", error=type(error).__name__)
            if any(code < 500 for code, _ in error.recipients.values()):
                raise MailAway from None  # "not now" (RFC 5321, 4.2.1)
            raise NotTaken from None
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail_not_sent", error=type(error).__name__)
            refused = isinstance(error, smtplib.SMTPResponseException)
            raise (MailUnsure if server.given and not refused else MailAway) from None
        finally:
            server.close()

    def _link(self, address: str, token: str) -> EmailMessage:
        url = f"{self.public_url}/d/#{token}"
        return self._mail(address, "You have a message", _LINK_TEXT.format(url=url))

    def _code(self, address: str, code: str) -> EmailMessage:
        return self._mail(address, "Your code", _CODE_TEXT.format(code=code))

    def _mail(self, address: str, subject: str, text: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self.sender
        mail["To"] = address
        mail["Subject"] = subject
        mail["Date"] = formatdate(usegmt=True)
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail.set_content(text)
        return mail

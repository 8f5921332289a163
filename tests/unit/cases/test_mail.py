"""What a mail server says, and what follows: sent once, later, never, or nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from services.cases.storage.mail import Mail, MailAway, MailUnsure, NotTaken
from tests.kit.servers.ports import free_port_base


class Answers:
    """A mail server that answers as it is told; an answer of None hangs up."""

    def __init__(self, **answers: str | None) -> None:
        self.answers = answers
        self.taken = 0

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Answer about a recipient."""
        said = self.answers.get("rcpt", "250 ok") or ""
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Answer to a mail."""
        said = self.answers.get("data", "250 ok")
        if said is None:
            server.transport.abort()
            return "250 nobody hears it"
        self.taken += said.startswith("250")
        return said

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        """Answer to a goodbye."""
        said = self.answers.get("quit", "221 bye")
        if said is None:
            server.transport.abort()
        return said or ""


@contextmanager
def serving(answers: Answers) -> Iterator[Mail]:
    """Run the server, and give what sends through it."""
    controller = Controller(answers, hostname="127.0.0.1", port=free_port_base())
    controller.start()
    try:
        yield Mail("127.0.0.1", controller.port, "messages@localhost", "https://sas.test")
    finally:
        controller.stop()


@pytest.mark.parametrize("quit_", ["221 bye", "421 too busy", None], ids=["bye", "busy", "gone"])
def test_what_was_taken_stays_taken_however_the_server_says_goodbye(quit_: str | None) -> None:
    """Else the same mail would be sent again."""
    answers = Answers(quit=quit_)
    with serving(answers) as mail:
        mail.send_reply("somebody@example.org", "Words")
    assert answers.taken == 1


@pytest.mark.parametrize(
    ("answers", "follows"),
    [
        ({"rcpt": "550 5.1.1 no such mailbox"}, NotTaken),
        ({"rcpt": "450 4.2.1 come back later"}, MailAway),
        ({"data": "451 4.3.0 not now"}, MailAway),
        ({"data": "554 5.7.1 not this"}, MailAway),
        ({"data": None}, MailUnsure),
    ],
    ids=["no such mailbox", "greylisted", "not now", "not this", "lost"],
)
def test_a_mail_that_was_not_taken_tells_what_may_follow(
    answers: dict[str, str | None], follows: type[Exception]
) -> None:
    """Only where the server may have it, and nobody knows, must it not be tried again."""
    with serving(Answers(**answers)) as mail, pytest.raises((NotTaken, MailAway)) as raised:
        mail.send_code("somebody@example.org", "12345678")
    assert type(raised.value) is follows


def test_without_a_server_nothing_has_left() -> None:
    mail = Mail("127.0.0.1", free_port_base(), "messages@localhost", "https://sas.test")
    with pytest.raises(MailAway) as raised:
        mail.send_link("somebody@example.org", "secret")
    assert type(raised.value) is MailAway

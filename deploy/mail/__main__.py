"""
A development mailbox: takes mail on the loopback and keeps each message in a file.

    python -m deploy.mail --config etc/mail.toml

In place of a university's mail server. Messages go nowhere; a person or a test reads the files.
An address that ends with `.invalid` is refused, as a mail server refuses one that is mistyped; what
is for `lost.test` is kept and never answered, as when the line breaks in between.
File names are random and nothing about a message is logged.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import tomllib
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MESSAGE = 10 * 1024 * 1024
"""Bytes."""


class Mailbox:
    """Keeps what the server hands over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail for everybody but those who can't exist (RFC 2606: `.invalid`)."""
        if address.endswith(".invalid"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 will be kept"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Write one message, complete or not at all."""
        name = secrets.token_hex(16)
        unfinished = self.folder / f".{name}"
        content = envelope.content or b""
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        unfinished.rename(self.folder / f"{name}.eml")
        lost = any(each.endswith("@lost.test") for each in envelope.rcpt_tos)
        if lost and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 kept"


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="A development mailbox.")
    parser.add_argument("--config", type=Path, required=True)
    config = tomllib.loads(parser.parse_args().config.read_text())
    host, port = config["listen"].rsplit(":", 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    controller = Controller(
        Mailbox(Path(config["settings"]["folder"])),
        hostname=host,
        port=int(port),
        ident="sas development mailbox",
        data_size_limit=LARGEST_MESSAGE,
    )
    controller.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    controller.stop()


if __name__ == "__main__":
    main()

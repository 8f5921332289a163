"""The mailboxes of people outside, and of colleagues."""

from __future__ import annotations

import email
import email.policy
import re
import time
from pathlib import Path

from deploy.demo.behind.patience import PATIENCE_SECONDS
from deploy.state import State


def mails_to(state: State, address: str) -> int:
    """Count the mails in the third party's mailbox."""
    mails = (email.message_from_bytes(each.read_bytes()) for each in _mailbox(state))
    return sum(address in str(mail["To"]) for mail in mails)


def arrives(state: State, address: str, before: int) -> str:
    """Wait for one mail more than *before* in a mailbox, and return its words; empty if none."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        mails = [email.message_from_bytes(each.read_bytes()) for each in _mailbox(state)]
        ours = [mail for mail in mails if address in str(mail["To"])]
        if len(ours) > before:
            return str(ours[-1].get_payload()).strip()
        time.sleep(0.2)
    return ""


def _mailbox(state: State) -> list[Path]:
    return sorted((state / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime)


def mail_for(state: State, address: str) -> tuple[str, str]:
    """Return link token and code from the two newest mails in the third party's mailbox."""
    link = code = ""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (link and code) and time.monotonic() < deadline:
        for path in _mailbox(state):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if message["To"] is None or address not in message["To"]:
                continue
            part = message.get_body()
            text = part.get_content() if part is not None else ""
            if found := re.search(r"/d/#(\S+)", text):
                link = found[1]
            elif found := re.search(r"\b(\d{8})\b", text):
                code = found[1]
        time.sleep(0.2)
    return link, code

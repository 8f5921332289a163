"""The line to one witness: HTTPS to a machine that is not ours (C2SP tlog-witness)."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from pathlib import Path

import attrs
import httpx

from common.config import ConfigError
from services.consent.domain.ledger.cosignature import WitnessKey, submission, witness_size
from services.consent.domain.ledger.note import NoteBroken

PATIENCE_SECONDS = 3.0
"""For one answer. The worker that asks holds a database connection meanwhile."""
LONGEST_ANSWER = 16 * 1024
"""Bytes: a few signature lines."""
_SIZE_TYPE = "text/x.tlog.size"


@attrs.frozen
class Answer:
    """What a witness said. Nothing in it is verified yet."""

    status: int
    body: str
    size: int | None
    """Where it says that it stands."""


@attrs.frozen
class WitnessLine:
    """How to reach a witness, and the key by which its answers are known to be its own."""

    key: WitnessKey
    url: str
    ca_file: Path | None = None
    """Whom to trust for its certificate; None for whom the machine trusts."""

    def submit(self, old_size: int, proof: Sequence[bytes], note: str) -> Answer | None:
        """Ask for a signature; None if nobody answers in time."""
        body = submission(old_size, proof, note)
        ca_file = str(self.ca_file) if self.ca_file else None
        until = time.monotonic() + PATIENCE_SECONDS
        try:
            with (
                httpx.Client(
                    verify=ssl.create_default_context(cafile=ca_file),
                    timeout=PATIENCE_SECONDS,
                    trust_env=False,
                ) as client,
                client.stream("POST", f"{self.url}/add-checkpoint", content=body) as answer,
            ):
                said = b""
                for piece in answer.iter_raw():
                    said += piece
                    # By the clock too: who sends a byte now and then would never time out.
                    if len(said) > LONGEST_ANSWER or time.monotonic() > until:
                        return None
                kind = answer.headers.get("content-type", "")
                text = said.decode("utf-8", "replace")
                size = witness_size(text) if kind == _SIZE_TYPE else None
                return Answer(answer.status_code, text, size)
        except (httpx.HTTPError, OSError):
            return None


def lines(witnesses: Sequence[str], ca_file: Path | None, origin: str) -> list[WitnessLine]:
    """
    Read the settings that name the witnesses of the ledger *origin*.

    Raises:
        ConfigError: one could never sign anything; the setting is named.
    """
    if ca_file is not None and not ca_file.is_file():
        raise ConfigError("settings.witness_ca_file is no file")
    found = [_line(each, ca_file) for each in witnesses]
    names = [line.key.name for line in found]
    if len(set(names)) < len(names) or origin in names:
        raise ConfigError("settings.witnesses must each have a name of its own")
    return found


def _line(witness: str, ca_file: Path | None) -> WitnessLine:
    text, _, url = witness.partition(" ")
    try:
        key = WitnessKey.parse(text)
    except NoteBroken as error:
        raise ConfigError(f"settings.witnesses: no witness's verifier key ({error})") from error
    if not url.startswith("https://") or url.endswith("/") or " " in url:
        raise ConfigError("settings.witnesses: an https URL without a last slash must follow")
    return WitnessLine(key, url, ca_file)

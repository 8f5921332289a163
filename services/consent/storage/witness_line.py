"""The line to one witness: HTTPS to a machine that is not ours (C2SP tlog-witness)."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator, Sequence
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
        answers: list[Answer] = []
        client = self._client()

        def ask() -> None:
            # Closing the client under a slow answer ends it, as an error of one kind or another.
            with contextlib.suppress(httpx.HTTPError, OSError, RuntimeError):
                answers.extend(_ask(client, body))

        # Apart, because a time limit of HTTP holds for each piece: who sends a byte now and then
        # would hold up the worker, and with it the database connection, for as long as they like.
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(PATIENCE_SECONDS)
        client.close()
        return answers[0] if answers else None

    def _client(self) -> httpx.Client:
        ca_file = str(self.ca_file) if self.ca_file else None
        return httpx.Client(
            base_url=self.url,
            verify=ssl.create_default_context(cafile=ca_file),
            timeout=PATIENCE_SECONDS,
            trust_env=False,
        )


def _ask(client: httpx.Client, body: bytes) -> Iterator[Answer]:
    """Give the answer, unless it is longer than any answer is."""
    with client.stream("POST", "/add-checkpoint", content=body) as answer:
        said = b""
        for piece in answer.iter_raw():
            said += piece
            if len(said) > LONGEST_ANSWER:
                return
        text = said.decode("utf-8", "replace")
        kind = answer.headers.get("content-type", "")
        size = witness_size(text) if kind == _SIZE_TYPE else None
        yield Answer(answer.status_code, text, size)


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

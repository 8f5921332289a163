"""What a witness of the ledger has told us, and what that means (C2SP tlog-witness)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs


class Heard(StrEnum):
    """What came of asking a witness, as a code."""

    SIGNED = "signed"
    """It has signed our newest checkpoint."""
    ELSEWHERE = "elsewhere"
    """It stands at a smaller size than we thought; we ask again from there."""
    SILENT = "silent"
    """It did not answer."""
    REFUSED = "refused"
    """It does not know this ledger or its key, or answers nonsense: a matter of settings."""
    AHEAD = "ahead"
    """It has signed a longer ledger than we have: ours was cut, or an old backup restored."""
    DIFFERS = "differs"
    """It has signed another history than ours: ours was rewritten."""


CONTRADICTS = frozenset({Heard.AHEAD, Heard.DIFFERS})
"""What is no fault of the line or the settings: somebody has tampered with the ledger."""


@attrs.frozen
class Witness:
    """Where one witness stands."""

    name: str
    size: int
    """Of the largest ledger that it has signed, as far as we know."""
    cosigned_at: datetime | None
    """When it last signed, by its own clock; None if it never has."""
    asked_at: datetime
    heard: Heard

    @property
    def contradicts(self) -> bool:
        """Whether what it has signed and what we have can't both be the ledger."""
        return self.heard in CONTRADICTS


def heard(status: int, other_size: int | None, size: int) -> Heard:
    """
    Read an answer other than a signature.

    Args:
        status: of HTTP.
        other_size: where the witness says it stands, if it does.
        size: of the checkpoint that it was asked to sign.
    """
    if status == 409 and other_size is not None:
        return Heard.AHEAD if other_size > size else Heard.ELSEWHERE
    # 409 without a size: the same size with another root. 422: our own proof from what it has
    # signed, which holds for every ledger that only grew.
    return Heard.DIFFERS if status in (409, 422) else Heard.REFUSED

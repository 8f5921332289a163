"""What is about to leave, opened for a moment: the bytes, and what they themselves say they are."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Parcel:
    """
    One thing that may leave, whatever it is, as the door compares it with the gate's pass.

    All of it comes from what was sealed, nothing from the columns beside it.
    """

    about: str
    """The name of what leaves."""
    recipient: str
    """To whom: a third party, or the student themselves."""
    purpose: str
    items: frozenset[str]
    payload_digest: str
    media_type: str
    content: bytes = attrs.field(repr=False)
    address: str = attrs.field(default="", repr=False)
    """Where the recipient is written to; empty where they come for it themselves."""

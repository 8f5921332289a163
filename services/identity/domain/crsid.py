"""
The CRSid, the University's short identifier for a person.

Since 1994 it is two or more initials and then digits, five to seven characters in all; some older
ones differ. So an unusual one is remarked upon and never refused (R1: nobody is refused for a
field), and an empty one is fine: prospective and former students come to the Service too.
"""

from __future__ import annotations

import re

import attrs

MAIL_DOMAIN = "@cam.ac.uk"
USUAL = re.compile(r"[a-z][a-z0-9]{1,7}")


@attrs.frozen
class Crsid:
    """A CRSid as we compare it: lower case, without the mail domain."""

    value: str = attrs.field(repr=False)
    usual: bool


def normalise(text: str) -> Crsid | None:
    """Return the CRSid in *text*, as people type it; None if there is nothing."""
    value = text.strip().lower().removesuffix(MAIL_DOMAIN)
    if not value:
        return None
    return Crsid(value=value, usual=USUAL.fullmatch(value) is not None)


def claimed(text: str) -> Crsid | None:
    """
    Return the CRSid that an identity provider's claim names; None if it names no usual one.

    Stricter than `normalise`: what a person types is theirs to type, but a claim opens an
    existing record, and a name at another domain is not a CRSid.
    """
    crsid = normalise(text)
    return crsid if crsid is not None and crsid.usual else None

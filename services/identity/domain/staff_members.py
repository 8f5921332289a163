"""
Accounts are personal: "the login details will not be shared with anyone" (R20).

A name such as `advice@` or "Welfare Team" is somebody's office, not somebody.
"""

from __future__ import annotations

import re

WORDS_FOR_OFFICES = """
admin administrator advice adviser advisers advisor advisors centre contact desk duty
enquiries enquiry everyone generic group guest help helpdesk info intern interns mail
manager noreply office officer officers operator post reception rota sas service shared
staff student su support team temp test training trustee union user volunteer volunteers
welfare
"""
OFFICES = frozenset(WORDS_FOR_OFFICES.split())


def why_not_personal(display_name: str, subject: str) -> dict[str, str]:
    """Return, for each field that looks like a shared account, why; empty if both look personal."""
    wrong: dict[str, str] = {}
    if "@" in display_name:
        wrong["display_name"] = "A person's name, not an address."
    elif _is_office(display_name):
        wrong["display_name"] = "A person's own name: accounts are not shared."
    if _is_office(subject.partition("@")[0]):
        wrong["subject"] = "A personal account: accounts are not shared."
    return wrong


def _is_office(text: str) -> bool:
    """Say whether *text* has no word in it but words for offices; a person may be called Post."""
    words = [word for word in re.split(r"[\W\d_]+", text.casefold()) if word]
    return bool(words) and OFFICES.issuperset(words)

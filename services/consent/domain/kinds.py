"""
The kinds of consent. Each has texts of its own, and is good for one thing and no other.

A kind follows from the purpose that the student is asked for: so nobody can say one and mean
another, and there is no purpose that would fit everything.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a consent lets the Service do."""

    DISCLOSURE = "disclosure"
    """Give one named third party exactly this (R3, R4)."""
    CONFIRM_USE = "confirm_use"
    """Tell one named third party that the student uses the Service, and nothing else (R9)."""
    TRUSTED_CONTACT = "trusted_contact"
    """Get in touch with one named person under ground i, given in advance (R33)."""


_OF_ITS_OWN = {Kind.CONFIRM_USE, Kind.TRUSTED_CONTACT}


def kind_of(purpose: str) -> Kind:
    """Give the kind of consent that a purpose asks for."""
    return Kind(purpose) if purpose in _OF_ITS_OWN else Kind.DISCLOSURE

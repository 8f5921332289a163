"""People outside the Service to whom something may be disclosed: a tutor, a doctor, the police."""

from __future__ import annotations

import json

import attrs


@attrs.frozen
class ThirdParty:
    """The details of a third party. That the Service knows them at all is confidential."""

    display_name: str = attrs.field(repr=False)
    organisation: str = attrs.field(repr=False)
    address: str = attrs.field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the details as they are sealed: JSON in UTF-8."""
        return json.dumps(attrs.asdict(self), ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, words: bytes) -> ThirdParty:
        """Return the details from the bytes of `to_bytes`."""
        return cls(**json.loads(words))

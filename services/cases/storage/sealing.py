"""
Sealing: with a fresh data key for each item, made by Vault and forgotten at once.

This process may create a record's key and ask for new data keys. It may unwrap none: not even what
it has just sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from common.errors import WrongState
from common.seal import seal
from common.vault import DataKey, KeyGone, Vault
from services.cases.domain.names import record_of
from services.cases.domain.states import RecordKind
from services.cases.storage.sealed import WORDS, SealedItem


@attrs.frozen
class Envelope:
    """A place to put words, with its data key: good for one item, and then thrown away."""

    record: str
    item: str
    _key: DataKey = attrs.field(repr=False)

    def close(self, fields: Mapping[str, bytes]) -> SealedItem:
        """Seal the fields of the item."""
        return SealedItem(
            record=self.record,
            item=self.item,
            wrapped_key=self._key.wrapped,
            ciphertexts={
                field: seal(
                    self._key.plaintext, words, record=self.record, item=self.item, field=field
                )
                for field, words in fields.items()
            },
        )

    def under(self, also: Callable[[bytes], bytes]) -> Envelope:
        """Give the same envelope, closed with what *also* makes of its data key."""
        return attrs.evolve(self, key=DataKey(also(self._key.plaintext), self._key.wrapped))


@attrs.frozen
class Sealing:
    """The one place in this service that seals."""

    _vault: Vault

    def begin(self, kind: RecordKind, record_id: str) -> None:
        """
        Create the key of a new record. Repeating it changes nothing.

        Raises:
            TryAgain: Vault can't be reached.
        """
        self._vault.create_record_key(kind.mount, record_id)

    def seal(self, kind: RecordKind, record_id: str, item: str, words: bytes) -> SealedItem:
        """Seal an item that has one field; like `seal_fields`."""
        return self.seal_fields(kind, record_id, item, {WORDS: words})

    def seal_fields(
        self, kind: RecordKind, record_id: str, item: str, fields: Mapping[str, bytes]
    ) -> SealedItem:
        """
        Seal the fields of one item, under one data key of its own.

        Raises:
            WrongState: the record was disposed of, so nothing can be added to it.
            TryAgain: Vault can't be reached.
        """
        return self.envelope(kind, record_id, item).close(fields)

    def envelope(self, kind: RecordKind, record_id: str, item: str) -> Envelope:
        """
        Have Vault make the data key of one item.

        Raises:
            WrongState: the record was disposed of, so nothing can be added to it.
            TryAgain: Vault can't be reached.
        """
        try:
            key = self._vault.new_data_key(kind.mount, record_id, item)
        except KeyGone:
            raise WrongState("This record was disposed of.") from None
        return Envelope(record_of(record_id), item, key)

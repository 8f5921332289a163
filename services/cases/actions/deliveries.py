"""
What was sent: the file's key, sealed for the recipient when a disclosure is sent (decision 0023).

The file stays sealed as it was rendered. Its key is sealed once more, under a key that it takes the
link's secret and consent's yes to make; so what is out there opens with both and with neither
alone. Recall, the end of the consent, and a fresh link destroy it.
"""

from __future__ import annotations

import attrs

from services.cases.actions.payloads import SealedPayload
from services.cases.actions.tools import Tools
from services.cases.domain.deliveries import recipients_key
from services.cases.domain.names import name_of
from services.cases.domain.parcels import Parcel
from services.cases.domain.states import RecordKind
from services.cases.storage.consent import Keys
from services.cases.storage.sealed import WORDS, SealedItem


@attrs.frozen
class SealedDelivery:
    """What was sent, as it lies here, and the secret of the link that somebody brought."""

    sealed: SealedItem
    payload: SealedPayload
    link_token: str = attrs.field(repr=False)

    def parcel(self, keys: Keys) -> Parcel:
        """
        Open it for the door, with the link and the key that consent released.

        Raises:
            SealBroken: it is another link's, or was changed.
            PayloadChanged: what lies here is not what the student was asked about.
        """
        released, disclosure = keys.of(self.sealed), self.payload.disclosure
        key = self.sealed.open(recipients_key(released, self.link_token, disclosure))
        parcel = self.payload.parcel(keys.leading_to(self.payload.sealed, key))
        return attrs.evolve(parcel, items=frozenset({self.sealed.item}))


def seal_delivery(
    tools: Tools, found: SealedPayload, keys: Keys, *, link_token: str, decision: str
) -> SealedItem:
    """
    Seal the key of what is sent for whoever has the link.

    Args:
        tools: what actions work with.
        found: what is sent.
        keys: those that came with the decision to send it.
        link_token: the link's secret.
        decision: the id of that decision. The delivery is named after it, so consent knows later
            what was sent by its leave, and releases the key of nothing else.

    Raises:
        WrongState: the record was disposed of.
        TryAgain: Vault can't be reached.
    """
    disclosure = found.disclosure
    name = name_of("deliveries", decision)
    envelope = tools.sealing.envelope(RecordKind.CASE, disclosure.case_id, name)
    closing = envelope.under(lambda key: recipients_key(key, link_token, disclosure))
    return closing.close({WORDS: keys.of(found.sealed)})

"""
What the worker does: destroy a record's key, and end disclosures.

Imports no gRPC: the worker's process can't have it.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sas.cases.v1.events_pb2 import RecordDisposed

from common.vault import Vault
from services.cases.domain.names import id_of
from services.cases.domain.states import RecordKind
from services.cases.storage.work import Stores

log = structlog.get_logger(__name__)


def destroy_record(stores: Stores, vault: Vault, record: str, kind: str, now: datetime) -> None:
    """
    Destroy a record's key, put it on the disposal list, and wipe what is sealed.

    The key comes first: if anything fails after it, the event comes again and finds the key gone.
    The list stays for ever, outside Vault: it is replayed before a restored Vault serves.
    """
    record_id = id_of(record, "records")
    if record_id is None:
        raise ValueError("not the name of a record")
    what = RecordKind(kind)
    vault.destroy_record_key(what.mount, record_id)
    stores.disposals.wipe(record_id, what)
    if stores.disposals.add(record_id, what, now):
        stores.tell(RecordDisposed(record=record))
        log.info("record_disposed", record=record, kind=kind)


def end_disclosure(stores: Stores, name: str) -> None:
    """End a disclosure whose consent holds no longer, and forget its link and its mails."""
    stores.mails.forget(name)
    if stores.disclosures.end(id_of(name, "disclosures")):
        log.info("disclosure_ended", disclosure=name)

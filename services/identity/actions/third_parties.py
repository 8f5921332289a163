"""Third parties: noted once, opened only with consent's decision."""

from __future__ import annotations

from uuid import uuid4

import structlog
from sas.common.v1.purpose_pb2 import Purpose

from common.caller import Caller
from common.errors import NotAvailable
from common.requests import earlier_result, remember_request
from services.identity.actions.parts import Parts, uuid_of
from services.identity.domain.records import third_party
from services.identity.domain.third_parties import ThirdParty
from services.identity.storage.consent import Opening
from services.identity.storage.sealing import unsealed

log = structlog.get_logger()


def create(parts: Parts, caller: Caller, kind: int, details: ThirdParty, request_id: str) -> str:
    """
    Note a third party; return the resource name.

    Raises:
        RequestIdReused: *request_id* was used for another call.
        TryAgain: Vault, consent or the database can't be reached.
    """
    with parts.new_reads() as reads:
        earlier = earlier_result(reads.connection, request_id, caller.person, "CreateThirdParty")
    if earlier is not None:
        return earlier
    item = third_party(str(uuid4()))
    parts.sealer.begin(item)
    parts.consent.register(item)
    sealed = parts.sealer.seal(item, details.to_bytes())
    with parts.new_work() as work:
        work.third_parties.add(item.uuid, kind, sealed, parts.clock())
        remember_request(work.connection, request_id, caller.person, "CreateThirdParty", item.name)
        work.commit()
    log.info("third_party_noted", third_party=item.name)
    return item.name


def open_details(parts: Parts, name: str, purpose: Purpose.ValueType) -> tuple[int, ThirdParty]:
    """
    Open a third party's kind and details.

    Consent decides and writes it down; a name that does not exist takes the same way.

    Raises:
        NotAvailable: the caller may not, or there is no such third party.
        ServiceError: what else consent refuses with.
    """
    id_ = uuid_of(name)
    item = third_party(id_)
    with parts.new_reads() as reads:
        found = reads.third_parties.find(id_)
    opening = Opening("third_party:read", purpose, about=name)
    key = parts.consent.key_to(item, found[1] if found else None, opening)
    if found is None or key is None:
        raise NotAvailable
    kind, sealed = found
    return kind, ThirdParty.from_bytes(unsealed(item, sealed, key))

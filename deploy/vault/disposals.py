"""
Destroy again what a restored Vault brought back.

The list of disposals lies outside Vault, in the services' databases, and only grows. After Vault
was restored from a snapshot, the keys of records disposed of since are there again; until they are
destroyed, Vault must not serve.

    python -m deploy.command cases-serve disposals | python -m deploy.vault.disposals
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from uuid import UUID

from deploy.state import State
from deploy.vault.keys import RECORD_MOUNTS
from deploy.vault.operator import Operator, signed_in


def main() -> None:
    """Replay the list that comes in as JSON, and say how many keys there were."""
    names = [each["record"] for each in json.load(sys.stdin)]
    destroyed = replay_disposals(State.from_environment(), names)
    print(f"{len(names)} disposals replayed, {len(destroyed)} keys destroyed")


def replay_disposals(state: State, names: Iterable[str]) -> list[str]:
    """
    Make sure that the records called *names* (`records/<uuid>`) have no key.

    Returns:
        The records that still had one.

    Raises:
        ValueError: a name is not a record's; nothing was destroyed.
    """
    uuids = {name: _uuid(name) for name in names}
    with signed_in(state) as operator:
        return [name for name, uuid in uuids.items() if _destroy(operator, uuid)]


def _uuid(name: str) -> str:
    collection, _, uuid = name.partition("/")
    if collection != "records":
        raise ValueError("not the name of a record")
    return str(UUID(uuid))


def _destroy(operator: Operator, uuid: str) -> bool:
    """Destroy the key in whichever mount it is; the list does not say the record's kind."""
    found = [mount for mount in RECORD_MOUNTS if operator.read(f"{mount}/keys/{uuid}")]
    for mount in found:
        operator.write(f"{mount}/keys/{uuid}/config", deletion_allowed=True)
        operator.delete(f"{mount}/keys/{uuid}")
    return bool(found)


if __name__ == "__main__":
    main()

"""A snapshot brings destroyed keys back, and the list of disposals destroys them again."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from common.seal import seal, unseal
from common.vault import KeyGone, Vault
from deploy.state import State
from deploy.vault import server, snapshots
from deploy.vault.disposals import replay_disposals
from tests.service.vault.conftest import settings, wait_until


def test_what_was_disposed_of_stays_so_after_a_restore(state: State, tmp_path: Path) -> None:
    """Policy: records are securely destroyed when their time is over."""
    disposed, kept = str(uuid.uuid4()), str(uuid.uuid4())
    cases, worker = sign_in(state, "cases-serve"), sign_in(state, "cases-work")
    wrapped = {}
    for name in (disposed, kept):
        cases.create_record_key("rk-case", name)
        key = cases.new_data_key("rk-case", name, "notes/1")
        wrapped[name] = key.wrapped
    sealed = seal(key.plaintext, b"words", record=f"records/{kept}", item="notes/1")

    file = tmp_path / "snapshot"
    snapshots.take(state, file)
    worker.destroy_record_key("rk-case", disposed)
    assert not worker.record_key_exists("rk-case", disposed)

    snapshots.restore(state, file)
    wait_until(lambda: server.ready(state))
    consent = sign_in(state, "consent-serve")
    assert consent.unwrap_keys("rk-case", disposed, [("notes/1", wrapped[disposed])])

    names = [f"records/{disposed}", f"records/{uuid.uuid4()}"]
    assert replay_disposals(state, names) == [f"records/{disposed}"]
    assert replay_disposals(state, names) == []

    with pytest.raises(KeyGone):
        consent.unwrap_keys("rk-case", disposed, [("notes/1", wrapped[disposed])])
    (key_again,) = consent.unwrap_keys("rk-case", kept, [("notes/1", wrapped[kept])])
    assert unseal(key_again, sealed, record=f"records/{kept}", item="notes/1") == b"words"


def test_a_list_with_a_wrong_line_destroys_nothing(state: State) -> None:
    name = str(uuid.uuid4())
    cases, worker = sign_in(state, "cases-serve"), sign_in(state, "cases-work")
    cases.create_record_key("rk-case", name)
    with pytest.raises(ValueError, match="not the name of a record"):
        replay_disposals(state, [f"records/{name}", "cases/1"])
    assert worker.record_key_exists("rk-case", name)


def sign_in(state: State, role: str) -> Vault:
    """Sign in anew: after a restore, sessions from before are unknown."""
    return Vault.login(settings(state, role), on_lost=lambda: None)

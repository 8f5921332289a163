"""A snapshot brings destroyed keys back, and the list of disposals destroys them again."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.seal import seal, unseal
from common.vault import KeyGone
from deploy.state import State
from deploy.vault import keys, roles, server, snapshots
from deploy.vault.disposals import replay_disposals
from deploy.vault.operator import signed_in
from tests.kit.house import login
from tests.kit.servers.spawn import wait_until
from tests.service.vault.conftest import running

pytestmark = pytest.mark.local_lane_only("restores a snapshot into the embedded server")

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def state(alone: State) -> Iterator[State]:
    """A Vault of this test's own, with what records need: a restore ends everybody's session."""
    with running(alone):
        with signed_in(alone) as operator:
            for mount in keys.RECORD_MOUNTS:
                keys.make_mount(operator, mount)
            keys.make_mount(operator, "canary")
            keys.make_key(operator, "canary", "canary")
            roles.set_up(operator, alone)
        yield alone


def test_what_was_disposed_of_stays_so_after_a_restore(state: State, tmp_path: Path) -> None:
    """Policy: records are securely destroyed when their time is over."""
    disposed, kept = str(uuid.uuid4()), str(uuid.uuid4())
    cases, worker = login(state, "cases-serve"), login(state, "cases-work")
    wrapped = {}
    for name in (disposed, kept):
        cases.create_record_key("rk-case", name)
        key = cases.new_data_key("rk-case", name, "notes/1")
        wrapped[name] = key.wrapped
    sealed = seal(key.plaintext, b"words", record=f"records/{kept}", item="notes/1")

    file = snapshots.take(state, tmp_path, NOW)
    worker.destroy_record_key("rk-case", disposed)
    assert not worker.record_key_exists("rk-case", disposed)

    snapshots.restore(state, file)
    wait_until(lambda: server.ready(state))
    # Sessions from before the restore are unknown.
    consent = login(state, "consent-serve")
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
    cases, worker = login(state, "cases-serve"), login(state, "cases-work")
    cases.create_record_key("rk-case", name)
    with pytest.raises(ValueError, match="not the name of a record"):
        replay_disposals(state, [f"records/{name}", "cases/1"])
    assert worker.record_key_exists("rk-case", name)


def test_a_snapshot_is_for_its_owner_alone(state: State, tmp_path: Path) -> None:
    file = snapshots.take(state, tmp_path, NOW)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_size > 1000


def test_snapshots_are_kept_for_two_weeks(tmp_path: Path) -> None:
    """They hold the keys of what was disposed of since."""
    ages = {
        days: tmp_path / (NOW - dt.timedelta(days=days)).strftime(snapshots.NAME)
        for days in (0, 1, 13, 14, 15, 400)
    }
    for file in (*ages.values(), tmp_path / "something else"):
        file.touch()
    assert snapshots.remove_old(tmp_path, NOW) == [ages[400], ages[15]]
    assert {file.name for file in tmp_path.iterdir()} == {
        "something else",
        *(ages[days].name for days in (0, 1, 13, 14)),
    }

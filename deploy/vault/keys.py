"""The keys in Vault: for each kind of record, blind indexes, coded facts, mails, signatures."""

from __future__ import annotations

import datetime as dt

from deploy.vault.operator import Operator

RECORD_MOUNTS = (
    "rk-case",
    "rk-enquiry",
    "rk-registration",
    "rk-monitoring",
    "rk-breach",
    "rk-incident",
    "rk-third-party",
    "rk-name-request",
)
"""One mount for each kind of record, so that a policy for one can't reach another."""

FIRST_COHORT = 1990
"""The academic year of the first cohort; records on paper go back no further."""

CACHED_KEYS = 1000
"""Per mount. Without a limit, Vault keeps every key it ever used in memory."""


def set_up(operator: Operator, today: dt.date) -> None:
    """Make the transit mounts and the keys that are not made by the services themselves."""
    for mount in (*RECORD_MOUNTS, "ix", "facts", "post", "tokens", "ledger", "canary"):
        make_mount(operator, mount)
    for year in cohorts(today):
        make_key(operator, "ix", f"crsid-{year}", type="hmac", key_size=32)
        make_key(operator, "facts", f"cohort-{year}", type="aes256-gcm96")
    for name in ("account", "third-party", "pseudonym"):
        make_key(operator, "ix", name, type="hmac", key_size=32)
    for name in ("replies", "staff"):
        make_key(operator, "post", name, type="aes256-gcm96")
    make_key(operator, "tokens", "caller", type="ed25519")
    make_key(operator, "tokens", "gate", type="ed25519")
    make_key(operator, "ledger", "ledger", type="ed25519")
    make_key(operator, "canary", "canary", type="aes256-gcm96")


def cohorts(today: dt.date) -> range:
    """Return the academic years, by the year in which each begins, up to next year's."""
    return range(FIRST_COHORT, today.year + 2)


def make_mount(operator: Operator, mount: str) -> None:
    """Mount transit at *mount* in such a way that using a key never makes one."""
    if mount not in operator.mounted("mounts"):
        operator.write(f"sys/mounts/{mount}", type="transit")
    operator.write(f"{mount}/config/keys", disable_upsert=True)
    operator.write(f"{mount}/cache-config", size=CACHED_KEYS)


def make_key(operator: Operator, mount: str, name: str, **kind: object) -> None:
    """Make a key unless it is there; it can't be exported, nor destroyed by accident."""
    if name not in operator.names(f"{mount}/keys"):
        operator.write(f"{mount}/keys/{name}", **kind)

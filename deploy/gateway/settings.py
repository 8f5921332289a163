"""What the gateway is told, beside the sections that every process has."""

from __future__ import annotations

from pathlib import Path

import attrs

DESCRIPTORS = Path(__file__).resolve().parents[2] / "protos" / "gen" / "sas.binpb"


@attrs.frozen
class GatewaySettings:
    """
    The `[settings]` of `etc/gateway.toml`; only `run_directory` has no default.

    Rates are in calls a second and bursts in calls. They stop floods and guessing, so they are
    far above what a person at work does.
    """

    run_directory: Path
    """Private: Envoy's configuration, its certificate and its admin socket."""

    descriptors: Path = DESCRIPTORS
    """The compiled protos, from which the routes are made."""

    session_rate: int = 100
    session_burst: int = 400
    """One session, all its calls."""

    anonymous_rate: int = 50
    anonymous_burst: int = 100
    """Each call that needs no session, from everywhere together."""

    source_rate: int = 20
    source_burst: int = 60
    """Each call that needs no session, from one address."""

    drain_seconds: float = 3.0
    """How long calls may finish after SIGTERM, while no new ones are taken."""

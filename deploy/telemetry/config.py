"""What the collector shows as its certificate, where it keeps spans, and for how long."""

from __future__ import annotations

from pathlib import Path

import attrs


@attrs.frozen
class CollectorSettings:
    """
    The `[settings]` of `etc/telemetry.toml`, beside `process` and `listen`.

    The collector has no Vault role and no database login: it needs neither to keep spans.
    """

    certificate_file: Path
    key_file: Path
    spans_file: Path
    keep_days: int = 14
    keep_megabytes: int = 512

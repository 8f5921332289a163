"""
The gateway without Vault: its own process, with certificates that a test made.

    python -m tests.kit.gateway_alone CONFIG CHAIN KEY LIFE_SECONDS
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.config import load
from common.vault import Certificate
from deploy.gateway.server import run
from deploy.gateway.settings import GatewaySettings


def main() -> int:
    """Run the gateway with the pair that is in the files now."""
    config, chain, key, seconds = sys.argv[1:]

    def issue() -> Certificate:
        expires_at = datetime.now(UTC) + timedelta(seconds=float(seconds))
        return Certificate(Path(chain).read_bytes(), Path(key).read_bytes(), expires_at)

    return run(load(Path(config), GatewaySettings), issue)


if __name__ == "__main__":
    sys.exit(main())

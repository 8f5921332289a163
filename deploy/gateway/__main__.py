"""
The gateway.

    python -m deploy.gateway --config etc/gateway.toml              serve
    python -m deploy.gateway --config etc/gateway.toml --validate   check what Envoy would be told
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import structlog

from common.config import ConfigError, load
from deploy.gateway.server import serve, validate
from deploy.gateway.settings import GatewaySettings


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="deploy.gateway", description="The gateway.")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--validate", action="store_true", help="check the configuration and end")
    chosen = parser.parse_args(arguments)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        config = load(chosen.config, GatewaySettings)
        return validate(config) if chosen.validate else serve(config)
    except ConfigError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

"""
The operator's command for parked events: `python -m services.<service> events parked|retry`.

It runs with the configuration and the login of `<service>-work`. It prints JSON, for people by way
of `sas events`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import attrs

from common.config import Config
from common.events.broker import Broker, GivesSecrets
from common.events.handlers import Handler
from common.events.parking import parked, retry
from common.events.topology import Queue


def run(
    action: str, config: Config[Any], vault: GivesSecrets, handlers: Sequence[Handler[Any]]
) -> None:
    """Print what is parked of the events of *handlers*, or send it again and print how many."""
    broker = Broker.of(config.rabbitmq, vault)
    queues = [Queue(config.service, handler.event.DESCRIPTOR.full_name) for handler in handlers]
    if action == "retry":
        result: object = {"sent": retry(broker, queues)}
    else:
        result = [attrs.asdict(event) for event in parked(broker, queues)]
    json.dump(result, sys.stdout, indent=1)
    sys.stdout.write("\n")

"""The settings of reports, read once."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from common.config import ConfigError
from services.reports.domain.publication import ROUNDING_BASE, SMALLEST


@attrs.frozen
class Settings:
    """The section `[settings]`; nothing in it is needed."""

    smallest_published: Mapping[str, int] = attrs.field(factory=lambda: SMALLEST)
    """How many people a published number stands for at the least, for each purpose."""

    def __attrs_post_init__(self) -> None:
        """A setting can make the rules stricter, and not weaker."""
        for purpose, floor in SMALLEST.items():
            name = f"settings.smallest_published.{purpose}"
            number = self.smallest_published.get(purpose)
            if number is None:
                raise ConfigError(f"{name} is missing")
            if number < floor or number % ROUNDING_BASE:
                raise ConfigError(f"{name} must be a multiple of {ROUNDING_BASE} from {floor} up")

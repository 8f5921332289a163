"""Who is responsible, as consent records must say it."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Controller:
    """The controller (UK GDPR Art. 4(7)): the union, by whose settings."""

    identifier: str = "controller"
    name: str = "Student Advice Service"
    contact: str = "the students' union's data protection contact"
    address: str = "the students' union"

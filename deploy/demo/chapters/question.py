"""5. A tutor asks whether somebody uses the Service."""

from __future__ import annotations

import httpx

from deploy.demo import people
from deploy.demo.setting import Setting

VARYING = {"date", "x-sas-trace"}
"""The time, and the random name of the call's trace."""


def tell(setting: Setting) -> None:
    """Ask about the student and about nobody, and compare the answers byte for byte."""
    story = setting.story
    story.chapter(5, "A tutor asks whether the student uses the Service", "R3", "R9")
    known, unknown = (_ask(setting, about) for about in ("Zoë Ångström-O'Hara", "Nobody Atall"))
    story.show(known.text)
    story.check(
        "the answer about her and about somebody unknown has the same status, headers and bytes",
        (known.status_code, _constant(known), known.content)
        == (unknown.status_code, _constant(unknown), unknown.content)
        and known.status_code == 200,
        f"{known.status_code} {unknown.status_code}",
    )


def _ask(setting: Setting, about: str) -> httpx.Response:
    return httpx.post(
        f"https://{people.address(setting.state)}/v1/questions",
        json={"about": about, "question": "Is this student a client of yours?"},
        verify=str(setting.state / "tls/ca.pem"),
    )


def _constant(response: httpx.Response) -> dict[str, str]:
    return {key: value for key, value in response.headers.items() if key not in VARYING}

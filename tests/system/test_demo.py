"""The demo is a test too: every claim that it checks must hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from deploy.state import CHECKOUT
from tests.kit.full_stack import FullStack


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_whole_story_is_true(stack: FullStack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.demo", "--keep"],
        cwd=CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "SAS_STATE": str(stack.state.root),
            "SAS_PORT_BASE": str(stack.state.port_base),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    # The story's people are ours, and a person has one session.
    stack.forget_sessions()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"All \d+ checks held", done.stdout)
    assert stack.is_well()

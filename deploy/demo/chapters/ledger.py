"""15. The whole ledger verified, and one changed byte found."""

from __future__ import annotations

from deploy.demo import behind
from deploy.demo.setting import Setting


def tell(setting: Setting) -> None:
    """Verify the log as an auditor; then tamper with a copy as the superuser."""
    story = setting.story
    story.chapter(15, "The ledger is verified", "R23", "R38")
    code, output = behind.run_sas(setting.state, setting.manager, "ledger", "fsck")
    story.show(output)
    story.check("`sas ledger fsck` verifies the whole log and its signed checkpoint", code == 0)
    story.check(
        "a witness with a key and a memory of its own has signed that it only grew",
        behind.is_witnessed(setting.state, setting.manager),
    )
    code, output, index = behind.fsck_of_tampered_copy(setting.state, setting.manager)
    story.show(output)
    story.check(
        "one byte changed by the database's superuser in a copy is found, and the entry named",
        code != 0 and f"entry {index}" in output,
    )

"""16. The trace of the disclosure, as a tree."""

from __future__ import annotations

from deploy.demo import behind
from deploy.demo.setting import Setting


def tell(setting: Setting) -> None:
    """Print the trace of step 6 with the ledger index on it."""
    story = setting.story
    story.chapter(16, "The trace of that disclosure", "R5", "R23")
    tree = behind.trace_tree(setting.state, setting.sent_index)
    story.show(tree)
    for part in ("gateway", "cases.SendDisclosure", "consent.AuthoriseDisclosure", "vault"):
        story.check(f"the trace goes through {part}", part in tree)
    story.check("the ledger index is on it", str(setting.sent_index) in tree)

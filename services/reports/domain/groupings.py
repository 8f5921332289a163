"""
The frozen groupings: which topic is under which root, which college is in which group.

They are part of what a table's name means. Two reports with different groupings can be subtracted
from each other, so a new grouping is a new table, with a name of its own, and never a change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NOT_YET_KNOWN = "not-yet-known"
"""The topic that nobody knows yet, and every code that is not in the list."""

NOT_KNOWN = "not-known"
"""The college group of who has not said, and of every code that is not in the list."""

_TOPICS = {
    "academic": (
        "academic-misconduct",
        "change-of-course",
        "complaint",
        "examination-appeal",
        "examination-arrangements",
        "fitness-to-study",
        "intermission",
        "research-degree",
        "supervision",
    ),
    "welfare": (
        "bereavement",
        "disability",
        "discipline",
        "discrimination",
        "harassment",
        "housing",
        "mental-health",
        "money",
        "physical-health",
        "relationships",
        "safety",
        "sexual-misconduct",
        "visa",
    ),
}

ROOTS: tuple[str, ...] = tuple(_TOPICS)

ROOT_OF: Mapping[str, str] = MappingProxyType(
    {topic: root for root, topics in _TOPICS.items() for topic in topics}
)
"""The root of each topic (R1)."""

_COLLEGES = {
    # By the century they were founded in, eight each: groups that no one college decides, in an
    # order that says nothing about anybody.
    "college-group-1": (  # 1284-1448
        "peterhouse",
        "clare",
        "pembroke",
        "gonville-and-caius",
        "trinity-hall",
        "corpus-christi",
        "kings",
        "queens",
    ),
    "college-group-2": (  # 1473-1596
        "st-catharines",
        "jesus",
        "christs",
        "st-johns",
        "magdalene",
        "trinity",
        "emmanuel",
        "sidney-sussex",
    ),
    "college-group-3": (  # 1800-1960
        "downing",
        "girton",
        "newnham",
        "selwyn",
        "hughes-hall",
        "st-edmunds",
        "murray-edwards",
        "churchill",
    ),
    "college-group-4": (  # since 1964
        "darwin",
        "lucy-cavendish",
        "wolfson",
        "clare-hall",
        "fitzwilliam",
        "homerton",
        "robinson",
    ),
}

COLLEGE_GROUPS: tuple[str, ...] = (*_COLLEGES, NOT_KNOWN)

GROUP_OF: Mapping[str, str] = MappingProxyType(
    {college: group for group, colleges in _COLLEGES.items() for college in colleges}
)
"""The group of each college."""

TOPIC_ROWS: tuple[str, ...] = (
    *(row for root, topics in _TOPICS.items() for row in (root, *topics)),
    NOT_YET_KNOWN,
)
"""The rows of a table by topic: each root, then its topics."""


def topic_rows(topic: object) -> tuple[str, ...]:
    """Give the rows that something about *topic* is counted in: itself and its root."""
    root = ROOT_OF.get(topic) if isinstance(topic, str) else None
    return (NOT_YET_KNOWN,) if root is None else (root, str(topic))


def college_group(college: object) -> str:
    """Give the group of *college*."""
    return GROUP_OF.get(college, NOT_KNOWN) if isinstance(college, str) else NOT_KNOWN

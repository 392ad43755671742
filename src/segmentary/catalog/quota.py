"""Quotas: how many records a project may have.

A limit is that of the project, or else the default, which is a setting; -1 is none. A segment counts for the project of
its network, the segments that a network is created with too; a shared range counts for nobody;
an RBAC policy for the project that made it.
"""

from dataclasses import dataclass

from segmentary.rules.kind import Integer, Text

UNLIMITED = -1
LIMITED = ("network", "segment", "network_segment_range", "rbac_policy")
LIMIT = Integer(UNLIMITED, 2**31 - 1, decimal_text=True)
PROJECT = Text(255, minimum=1)


@dataclass(frozen=True, slots=True)
class Usage:
    """How many records of a resource a project may have and has."""

    limit: int
    used: int

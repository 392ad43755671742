"""Access rules of Keystone's application credentials: which requests such a token may be used for.

https://docs.openstack.org/keystone/latest/user/application_credentials.html#access-rules

    *, {name}    part of a path, without a slash         **    any number of parts
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SERVICE = "network"
_PART, _ANY = "*", "**"
_WORD = re.compile(r"\{[^}]*\}|\*\*|[^{}]")


class AccessRule(NamedTuple):
    """One request that is allowed: its method and the words of its path, characters or what stands for several."""

    method: str
    words: tuple[str, ...]

    def allows(self, method: str, path: str) -> bool:
        """Tell whether a request is this one. All ways to read the rule are followed at once: it may be anyone's."""
        if method != self.method:
            return False
        reached = self._passed({0})
        for character in path:
            following = set()
            for place in reached:
                word = self.words[place] if place < len(self.words) else ""
                if word == _ANY:
                    following.add(place)
                elif word == _PART and character != "/":
                    following |= {place, place + 1}
                elif word == character:
                    following.add(place + 1)
            reached = self._passed(following)
        return len(self.words) in reached

    def _passed(self, places: set[int]) -> set[int]:
        """Return the places, and those behind words that may stand for nothing."""
        found = set(places)
        for place in places:
            after = place
            while after < len(self.words) and self.words[after] == _ANY:
                after += 1
                found.add(after)
        return found


def of_service(told: Iterable[Mapping[str, str]]) -> tuple[AccessRule, ...]:
    """Return the rules that are about this service."""
    return tuple(AccessRule(one["method"], _words(one["path"])) for one in told if one["service"] == SERVICE)


def _words(path: str) -> tuple[str, ...]:
    return tuple(_PART if word.startswith("{") else word for word in _WORD.findall(path))

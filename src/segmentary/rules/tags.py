r"""Tags: labels of a record, stored as one text in which each stands between line breaks.

    ("blue", "red")  --pack-->  "\nblue\nred\n"        no tags  --pack-->  ""

No tag has a line break in it, so that a filter looks for "\nred\n" as a part of the text, on every database alike; and
what is stored once cannot disagree with a second copy (docs/decisions/0011-tags-in-one-column.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from segmentary.rules.expression import Expression
from segmentary.rules.kind import Text, UnfitValueError


@dataclass(frozen=True, slots=True)
class Tags:
    """A set of at most `most` labels of the kind `entry`, shown in order."""

    entry: Text
    most: int

    @property
    def allows(self) -> str:
        """The limits in words."""
        return f"a list of at most {self.most} different tags, each {self.entry.allows}"

    @property
    def longest(self) -> int:
        """How many characters the stored text has at most."""
        return self.most * (self.entry.maximum + 1) + 1

    def accept(self, value: object) -> tuple[str, ...]:
        """Return the tags in order."""
        if not isinstance(value, list | tuple | set | frozenset) or len(value) > self.most:
            raise UnfitValueError(self.allows)
        try:
            tags = sorted([self.entry.accept(one) for one in value])
        except UnfitValueError:
            raise UnfitValueError(self.allows) from None
        if len(set(tags)) < len(tags):
            raise UnfitValueError(self.allows)
        return tuple(tags)

    def parse(self, text: str) -> tuple[str, ...]:
        """Return the tags that a filter asks for, with commas between them; one that is too long matches nothing."""
        tags = tuple([self.entry.parse(one) for one in text.split(",")])
        if len(tags) > self.most:
            raise UnfitValueError(f"at most {self.most} tags, with commas between them")
        return tags

    def condition(self, field: str) -> Expression | None:
        """Nothing: a CHECK looks at the form of the stored text."""


def pack(tags: Iterable[str]) -> str:
    """Return the text by which tags are stored, or by which one is looked for."""
    joined = "\n".join(tags)
    return f"\n{joined}\n" if joined else ""


def unpack(tags: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags of a stored text; those of a record as they are."""
    if isinstance(tags, tuple):
        return tags
    return tuple(tags[1:-1].split("\n")) if tags else ()

"""The kinds of values an attribute can have: what is accepted, what is stored, and the condition that remains checked.

    JSON or Python value --accept--> stored value         text of a query string --parse--> stored value

A format that no database could check alike (a UUID, control characters) is checked here, at the edge, and stored in
canonical form; lengths and limits are checked here and, through `condition`, in the database.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from segmentary.rules.expression import Between, Expression, Length, OneOf

_HEXADECIMAL = r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}\Z"
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_UUID = re.compile(_HEXADECIMAL, re.ASCII | re.IGNORECASE)
# Every database has numbers of 18 digits.
_DECIMAL = re.compile(r"-?[0-9]{1,18}\Z", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)
_TRUE = frozenset({"true", "1", "yes", "t", "y", "on"})
_FALSE = frozenset({"false", "0", "no", "f", "n", "off"})


class UnfitValueError(Exception):
    """The value is not of the kind; the text says what the kind allows."""


class Kind(Protocol):
    """What the kinds below have in common."""

    @property
    def allows(self) -> str:
        """What is allowed, in words, to complete "it must be"."""

    def accept(self, value: object, /) -> object:
        """Return the value to store; raise `UnfitValueError` if it is of another kind."""

    def parse(self, text: str, /) -> object:
        """Return the value that a text in a query string stands for; raise `UnfitValueError` if none."""

    def condition(self, field: str) -> Expression | None:
        """Return what a database can still check of a stored value."""


@dataclass(frozen=True, slots=True)
class Uuid:
    """A UUID (RFC 9562), with hyphens or without any; stored in lower case with hyphens."""

    allows = "a UUID such as 6d8f2a34-1c1b-4c8e-9a55-0f0c3b1c7d11"

    def accept(self, value: object) -> str:
        """Return the UUID in canonical form."""
        if isinstance(value, str) and _UUID.match(value):
            return value if _CANONICAL_UUID.match(value) else str(UUID(value))
        raise UnfitValueError(self.allows)

    def parse(self, text: str) -> str:
        """Return the UUID in canonical form."""
        return self.accept(text)

    def condition(self, field: str) -> Expression | None:
        """Nothing: the stored type checks the form, or a CHECK in its place."""


@dataclass(frozen=True, slots=True)
class Text:
    """Unicode text of `minimum` to `maximum` characters without control characters; `lines` allows line breaks."""

    maximum: int
    minimum: int = 0
    lines: bool = False

    @property
    def allows(self) -> str:
        """The limits in words."""
        limits = f"{self.minimum} to {self.maximum}" if self.minimum else f"at most {self.maximum}"
        exceptions = " other than line breaks and tabs" if self.lines else ""
        return f"text of {limits} characters without control characters{exceptions}"

    def accept(self, value: object) -> str:
        """Return the text unchanged."""
        if not isinstance(value, str) or not self.minimum <= len(value) <= self.maximum:
            raise UnfitValueError(self.allows)
        if not _is_fit(value, "\n\r\t" if self.lines else ""):
            raise UnfitValueError(self.allows)
        return value

    def parse(self, text: str) -> str:
        """Return the text unchanged, also where it is too long to be stored: then it matches nothing."""
        return _fit_to_compare(text, "\n\r\t" if self.lines else "")

    def condition(self, field: str) -> Expression | None:
        """The length."""
        return Length(field, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class Secret(Text):
    """Text that is taken and stored, and neither shown nor repeated in a message."""


@dataclass(frozen=True, slots=True)
class Url(Text):
    """A URL of one of some schemes: a host, and no user or password in it, as it is shown to everybody."""

    schemes: tuple[str, ...] = ()

    @property
    def allows(self) -> str:
        """The schemes and the length in words."""
        begins = " or ".join(f"{scheme}://" for scheme in self.schemes)
        return f"a URL of at most {self.maximum} characters that begins with {begins}, without a user or password"

    def accept(self, value: object) -> str:
        """Return the text unchanged."""
        try:
            text = Text(self.maximum, self.minimum).accept(value)
            parts = urlsplit(text)
            is_fit = parts.scheme in self.schemes and bool(parts.hostname) and parts.port != 0
        except (UnfitValueError, ValueError):  # no text, or a port that is no number
            raise UnfitValueError(self.allows) from None
        if not is_fit or "@" in parts.netloc or any(character.isspace() for character in text):
            raise UnfitValueError(self.allows)
        return text


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number; `decimal_text` also takes "100", for the attributes that clients send so.

    `narrower` names the limits that a rule sets beside those of the kind.
    """

    minimum: int
    maximum: int
    decimal_text: bool = False
    narrower: str = ""

    @property
    def allows(self) -> str:
        """The limits in words."""
        narrower = f" ({self.narrower})" if self.narrower else ""
        return f"a whole number from {self.minimum} to {self.maximum}{narrower}"

    def accept(self, value: object) -> int:
        """Return the number; true, 100.0 and (without `decimal_text`) "100" are not numbers."""
        if self.decimal_text and isinstance(value, str) and _DECIMAL.match(value):
            value = int(value)
        if type(value) is not int or not self.holds(value):
            raise UnfitValueError(self.allows)
        return value

    def holds(self, number: int) -> bool:
        """Tell whether a number is within the limits."""
        return self.minimum <= number <= self.maximum

    def parse(self, text: str) -> int:
        """Return the number, also outside the limits: then it matches nothing."""
        if not _DECIMAL.match(text):
            raise UnfitValueError("a whole number of at most 18 digits")
        return int(text)

    def condition(self, field: str) -> Expression | None:
        """The limits."""
        return Between(field, self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    allows = "true or false"

    def accept(self, value: object) -> bool:
        """Return the flag; only JSON's true and false are flags."""
        if not isinstance(value, bool):
            raise UnfitValueError(self.allows)
        return value

    def parse(self, text: str) -> bool:
        """Return the flag that True, true, 1, yes, on ... or their opposites stand for."""
        lowered = text.lower()
        if lowered not in _TRUE | _FALSE:
            raise UnfitValueError(self.allows)
        return lowered in _TRUE

    def condition(self, field: str) -> Expression | None:
        """Nothing: the stored type has two values, or a CHECK in its place."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    values: tuple[str, ...]

    @property
    def allows(self) -> str:
        """The words."""
        return "one of " + ", ".join(self.values)

    def accept(self, value: object) -> str:
        """Return the word; another spelling or case is another word."""
        if not isinstance(value, str) or value not in self.values:
            raise UnfitValueError(self.allows)
        return value

    def parse(self, text: str) -> str:
        """Return the text unchanged: a word that is none of them matches nothing."""
        return _fit_to_compare(text)

    def condition(self, field: str) -> Expression | None:
        """The words."""
        return OneOf(field, self.values)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A moment in UTC, in whole seconds: 2026-08-07T10:15:00Z (RFC 3339). Text of this form sorts as time does."""

    allows = "a UTC time such as 2026-08-07T10:15:00Z"

    def accept(self, value: object) -> str:
        """Return the text unchanged."""
        if not isinstance(value, str) or not _TIMESTAMP.match(value):
            raise UnfitValueError(self.allows)
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise UnfitValueError(self.allows) from None
        return value

    def parse(self, text: str) -> str:
        """Return the text unchanged."""
        return self.accept(text)

    def condition(self, field: str) -> Expression | None:
        """Nothing: the stored type checks the form, or a CHECK in its place."""


@dataclass(frozen=True, slots=True)
class Entries:
    """A list of objects; `fields` says for each key its name in Python and its kind, `required` which all must have."""

    fields: tuple[tuple[str, str, Kind], ...]
    minimum: int = 1
    required: tuple[str, ...] = ()

    @property
    def allows(self) -> str:
        """The keys."""
        return (
            f"a list of at least {self.minimum} object(s) with the keys {', '.join(key for key, _, _ in self.fields)}"
        )

    def accept(self, value: object) -> tuple[dict[str, object], ...]:
        """Return the objects by the names of their keys in Python."""
        if not isinstance(value, list | tuple) or len(value) < self.minimum:
            raise UnfitValueError(self.allows)
        return tuple(self._entry(place, one) for place, one in enumerate(value))

    def parse(self, _text: str) -> object:
        """Refuse any text: a list of objects is no filter."""
        raise UnfitValueError(self.allows)

    def condition(self, field: str) -> Expression | None:
        """Nothing is stored under this name."""

    def _entry(self, place: int, entry: object) -> dict[str, object]:
        known = {key: (name, kind) for key, name, kind in self.fields}
        if not isinstance(entry, dict) or not set(entry) <= set(known):
            raise UnfitValueError(f"{self.allows}, entry {place} is not")
        missing = [key for key in self.required if key not in entry]
        if missing:
            raise UnfitValueError(f"such that each entry has {', '.join(self.required)}, entry {place} has not")
        accepted: dict[str, object] = {}
        for key, value in entry.items():
            name, kind = known[key]
            try:
                accepted[name] = kind.accept(value)
            except UnfitValueError as unfit:
                raise UnfitValueError(f"such that {key} of entry {place} is {unfit}") from None
        return accepted


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that every record has: shown, not stored. A filter on it is met by all records or by none."""

    value: object
    kind: Kind

    @property
    def allows(self) -> str:
        """What a filter may ask for."""
        return self.kind.allows

    def accept(self, value: object) -> object:
        """Return the value to compare with."""
        return self.kind.accept(value)

    def parse(self, text: str) -> object:
        """Return the value to compare with."""
        return self.kind.parse(text)

    def condition(self, field: str) -> Expression | None:
        """Nothing is stored."""


@dataclass(frozen=True, slots=True)
class View:
    """Something shown but not stored: made from other records, never accepted.

    With an `entry` it is made of entries of that kind, and a filter on it names one that it contains.
    """

    entry: Kind | None = None

    @property
    def allows(self) -> str:
        """What a filter may ask for."""
        return self.entry.allows if self.entry else "nothing: it is only shown"

    def accept(self, value: object) -> object:
        """Return the entry to look for; refuse any value if there are no entries."""
        if self.entry is None:
            raise UnfitValueError(self.allows)
        return self.entry.accept(value)

    def parse(self, text: str) -> object:
        """Return the entry to look for; refuse any text if there are no entries."""
        if self.entry is None:
            raise UnfitValueError(self.allows)
        return self.entry.parse(text)

    def condition(self, field: str) -> Expression | None:
        """Nothing is stored."""


def _is_fit(text: str, allowed: str = "") -> bool:
    """Tell whether a text is free of controls (Cc), but those `allowed`, and of lone surrogates (Cs).

    UTF-8 cannot carry the surrogates, PostgreSQL no NUL.
    """
    return text.isprintable() or all(
        unicodedata.category(character) not in {"Cc", "Cs"} or character in allowed for character in text
    )


def _fit_to_compare(text: str, allowed: str = "") -> str:
    if not _is_fit(text, allowed):
        raise UnfitValueError("text without control characters")
    return text

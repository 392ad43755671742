"""Conversations: what a client says and what it is answered, in YAML, a file for each noun.

- A network with one segment shows it:                 what the conversation is about
    - we: create a physical network                    a step, in words
      POST: /physical-networks                         the request: method and path, below /v2.0
      body: {physical_network: {name: fabric}}
      headers: {If-Match: revision_number=0}
      answer: 201                                      the status
      has: {physical_network: {name: fabric}}          what the answer has, at least: objects may have more keys
      lacks: [physical_network.mtu]                    what it has not
      says: is in use                                  what stands in the message of the error, any case
      keep: {id: physical_network.id}                  names for values of the answer: {id} in later steps

In `has` a list has as many entries as the answer's, in order. `<any>` stands for any value, `<text>`, `<number>`,
`<time>` and `<id>` for any of the kind.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.api.client import Client

METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH")
STEP_KEYS = {*METHODS, "we", "body", "headers", "answer", "has", "lacks", "says", "keep"}
KINDS = {
    "<any>": r"(?s).*",
    "<text>": r"(?s).*",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "<id>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
Step = Mapping[str, Any]


@dataclass(frozen=True)
class Conversation:
    """Steps that begin on an empty database."""

    noun: str
    about: str
    steps: tuple[Step, ...]


def read(folder: Path) -> Iterator[Conversation]:
    """Give the conversations of all files of a folder."""
    for file in sorted(folder.glob("*.yaml")):
        for about, steps in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            for step in steps:
                unknown = set(step) - STEP_KEYS
                assert not unknown, f"{file.name}: {about}: {unknown} in {step}"
                assert len(set(step) & set(METHODS)) == 1, f"{file.name}: {about}: no one method in {step}"
                assert "answer" in step, f"{file.name}: {about}: no answer in {step}"
            yield Conversation(file.stem, about, tuple(steps))


def hold(api: Client, conversation: Conversation) -> None:
    """Go through the steps; an assertion tells which of them was answered otherwise, and how."""
    kept: dict[str, Any] = {}
    for number, step in enumerate(conversation.steps, 1):
        where = f"{conversation.noun}: {conversation.about}: step {number}: {step.get('we', '')}"
        method = next(one for one in METHODS if one in step)
        path = _filled(step[method], kept)
        headers = {name: str(value) for name, value in _filled(step.get("headers", {}), kept).items()}
        answer = api.send(method, path, _filled(step.get("body"), kept), headers)
        told = f"{where}\n{method} {path}\n{answer.status} {answer.text}"
        assert answer.status_code == step["answer"], told
        found: Any = answer.json if answer.text else None
        problem = _difference(_filled(step.get("has", {}), kept), found, "") if "has" in step else ""
        assert not problem, f"{problem}\n{told}"
        for place in step.get("lacks", ()):
            assert _at(found, place) is _NOTHING, f"{place} is there\n{told}"
        if "says" in step:
            assert _filled(step["says"], kept).lower() in found["NeutronError"]["message"].lower(), told
        for name, place in step.get("keep", {}).items():
            kept[name] = _at(found, place)
            assert kept[name] is not _NOTHING, f"{place} is not there\n{told}"


_NOTHING = object()


def _filled(value: Any, kept: Mapping[str, Any]) -> Any:  # noqa: ANN401, JSON
    """Return a value with the names in braces replaced by what was kept under them."""
    if isinstance(value, dict):
        return {_filled(key, kept): _filled(one, kept) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, kept) for one in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    if whole and whole[1] in kept:
        return kept[whole[1]]
    return re.sub(r"\{(\w+)\}", lambda found: str(kept.get(found[1], found[0])), value)


def _at(value: Any, place: str) -> Any:  # noqa: ANN401, JSON
    """Return what stands at a place such as networks.0.id; names may have dots only if nothing else fits."""
    for key in place.split("."):
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return _NOTHING
    return value


def _difference(wanted: Any, found: Any, place: str) -> str:  # noqa: ANN401, JSON
    """Return in words where an answer is not as wanted, "" if it is."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, one in wanted.items():
            if key not in found:
                return f"{place}.{key} is missing"
            if problem := _difference(one, found[key], f"{place}.{key}"):
                return problem
        return ""
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        each = (
            _difference(one, other, f"{place}.{number}")
            for number, (one, other) in enumerate(zip(wanted, found, strict=True))
        )
        return next(filter(None, each), "")
    if wanted == "<number>":
        fits = type(found) is int
    elif isinstance(wanted, str) and wanted in KINDS:
        fits = wanted == "<any>" or (isinstance(found, str) and bool(re.fullmatch(KINDS[wanted], found)))
    else:
        fits = type(wanted) is type(found) and wanted == found
    return "" if fits else f"{place or 'the answer'} is {found!r}, not {wanted!r}"

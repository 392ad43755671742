"""The rules of a policy: the defaults of the catalog, and an operator's file of others, checked before they count."""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from segmentary.catalog.action import ACTIONS, RULES, TARGETS
from segmentary.errors import InvalidSetting

if TYPE_CHECKING:
    from oslo_policy.policy import Enforcer

Rules = Mapping[str, str]
# What a rule may ask of the caller, beside its roles.
OF_CALLER = ("project_id", "tenant_id", "user_id", "user_name", "domain_id", "system_scope")
_OPERATORS = frozenset({"and", "or", "not", "@", "!"})
_WORD = re.compile(r"[^\s()]*%\([^)]*\)s|[^\s()]+")
_OF_RECORD = re.compile(r"%\(([^)]*)\)s")


def rules_in_force(file: str = "") -> Rules:
    """Return every rule by its name, those of a YAML file instead of the defaults.

    Raises `InvalidSetting` if one is unknown, cannot be read, or asks for what cannot be told.
    """
    rules = {name: one.default for name, one in RULES.items()}
    if file:
        rules |= _read(file)
        _require_fit(rules)
    return rules


def enforcer(rules: Rules) -> "Enforcer":
    """Return what weighs the rules. oslo.policy is imported here: who may do everything never needs it."""
    from oslo_config.cfg import ConfigOpts  # noqa: PLC0415, takes half a second
    from oslo_policy.policy import Enforcer, Rules  # noqa: PLC0415, the same

    return Enforcer(ConfigOpts(), rules=Rules.from_dict(dict(rules)), use_conf=False)


def _read(file: str) -> dict[str, str]:
    import yaml  # noqa: PLC0415, only who has a file pays for it

    try:
        found = yaml.safe_load(Path(file).read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _unfit(f"{file} cannot be read ({' '.join(str(error).split())})") from error
    if not isinstance(found, dict) or not all(isinstance(one, str) for pair in found.items() for one in pair):
        raise _unfit(f'{file} must have a line "name": "rule" for each rule')
    unknown = sorted(set(found) - set(RULES))
    if unknown:
        raise _unfit(f"{file} has rules that nothing asks for: {', '.join(unknown)}; see segmentary policy list")
    return found


def _require_fit(rules: Rules) -> None:
    for name, rule in rules.items():
        for word in _WORD.findall(rule):
            _require_known(name, word, rules)
    logging.getLogger("oslo_policy").setLevel(logging.CRITICAL)  # what it would log, we raise
    checked = enforcer(rules)
    for name, rule in rules.items():
        if str(checked.rules[name]) == "!" and rule.strip() != "!":
            raise _unfit(f"rule {name}: {rule!r} is not in the language of oslo.policy")
    if not checked.check_rules():
        raise _unfit("rules refer to each other in a circle")
    for action in ACTIONS:
        known = TARGETS.get(action.resource, {})
        words = list(_words(rules[action.name], rules))
        asked = [one for word in words for one in _OF_RECORD.findall(word)]
        unknown = [one for one in asked if one not in known]
        if unknown:
            some = ", ".join(known) or "nothing, it can only ask of the caller"
            raise _unfit(f"rule {action.name} asks for %({unknown[0]})s of a record; it may ask for {some}")
        if asked and "not" in words:
            raise _unfit(f"rule {action.name} asks of a record, so it may not have a 'not' in it")


def _require_known(name: str, word: str, rules: Rules) -> None:
    if word in _OPERATORS:
        return
    kind, colon, match = word.partition(":")
    literal = kind in {"True", "False", "None"} or kind[:1] in {"'", '"'}
    if not colon or not (literal or kind in {"rule", "role", *OF_CALLER}):
        known = ", ".join(("role", "rule", *OF_CALLER))
        raise _unfit(f"rule {name}: {word!r} asks for none of {known}")
    if kind == "rule" and match not in rules:
        raise _unfit(f"rule {name}: there is no rule {match!r}")


def _words(rule: str, rules: Rules) -> Iterator[str]:
    """Give the words of a rule and of those it refers to, which do so in no circle."""
    for word in _WORD.findall(rule):
        if word.startswith("rule:"):
            yield from _words(rules[word.removeprefix("rule:")], rules)
        else:
            yield word


def _unfit(reason: str) -> InvalidSetting:
    return InvalidSetting(setting="policy_file", reason=reason)

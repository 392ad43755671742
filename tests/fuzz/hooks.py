"""What schemathesis is told about this API; SCHEMATHESIS_HOOKS names this module.

Ids and names drawn at random are never those of a record, so requests would end at 404: many are replaced by ones that
answers have shown.
"""

import itertools
import random
import uuid
from collections.abc import Iterator
from typing import Any

import schemathesis

# Names of the attributes and path parameters that hold the id or the name of a record.
RECORD_ID, NETWORK_ID = "record_id", "network_id"
# Answers as JSON or as a stream, and waits if it is asked to.
STREAMED = "/v2.0/segment-events"
PHYSICAL_NETWORK = ("physical_network", "provider:physical_network")
# collection in a path -> ids and names of its records, as seen in answers
SEEN: dict[str, list[str]] = {}
DRAW = random.Random(0)  # noqa: S311 - repeatable, no secret
KEYS = itertools.count()


@schemathesis.hook
def before_call(_context: object, case: Any, _kwargs: object) -> None:  # noqa: ANN401 - schemathesis has no public type
    """Put known ids and names in place of most of those drawn at random, and new keys in place of used ones."""
    if "Idempotency-Key" in (case.headers or {}) and DRAW.random() < 0.9:
        case.headers["Idempotency-Key"] = f"{case.headers['Idempotency-Key'][:200]}{next(KEYS)}"
    if str((case.query or {}).get("wait", "")).isdecimal():
        case.query["wait"] = 0
    collection = case.path.split("/")[2] if case.path.count("/") > 1 else ""
    if RECORD_ID in (case.path_parameters or {}):
        case.path_parameters[RECORD_ID] = known(case.path_parameters[RECORD_ID], collection)
    for attributes in objects(case.body):
        if NETWORK_ID in attributes:
            attributes[NETWORK_ID] = known(attributes[NETWORK_ID], "networks")
        for name in set(attributes) & {*PHYSICAL_NETWORK}:
            if isinstance(attributes[name], str) and SEEN.get("names") and DRAW.random() < 0.8:
                attributes[name] = DRAW.choice(SEEN["names"])


@schemathesis.hook
def after_call(_context: object, case: Any, response: Any) -> None:  # noqa: ANN401 - schemathesis has no public type
    """Remember the ids and names of records in an answer."""
    if response.status_code not in {200, 201} or case.method not in {"GET", "POST", "PUT"} or case.path == STREAMED:
        return
    if not response.text.startswith("{"):  # no body, or one for people
        return
    collection = case.path.split("/")[2] if case.path.count("/") > 1 else ""
    for record in objects(response.json()):
        if isinstance(record.get("id"), str):
            remember(collection, record["id"])
            if collection == "physical-networks" and isinstance(record.get("name"), str):
                remember("names", record["name"])


@schemathesis.check
def only_exhaustion_is_a_server_error(_context: object, response: Any, _case: object) -> None:  # noqa: ANN401 - the same
    """No answer says that the server failed; 503 NoNetworkAvailable, as Neutron has it, says that no ID is left."""
    if response.status_code >= 500:
        assert response.status_code == 503, response.text
        assert response.json()["NeutronError"]["type"] == "NoNetworkAvailable", response.text


def known(value: object, collection: str) -> object:
    """Return the id of a known record of the collection in place of most ids; what is no id stays."""
    try:
        uuid.UUID(str(value))
    except ValueError:
        return value
    return DRAW.choice(SEEN[collection]) if SEEN.get(collection) and DRAW.random() < 0.8 else value


def remember(key: str, value: str) -> None:
    """Keep the latest values of a key."""
    SEEN.setdefault(key, []).append(value)
    del SEEN[key][:-20]


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Return every JSON object within a value."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(one)

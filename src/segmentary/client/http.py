"""Client: the collections of `segmentary.Application` over HTTP.

with Client("http://127.0.0.1:9696") as client:
    network = client.networks.create(name="blue")
    client.segments.create(network_id=network.id, network_type="vxlan", segmentation_id=5001)

Attributes have their Python names. What the server does not show of a record, as the index of a segment, is ABSENT.
"""

import builtins
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import urllib3

from segmentary.catalog import Agent, EventDestination, Network, PhysicalNetwork, RbacPolicy, Segment, SegmentRange
from segmentary.client.dead_letter import DeadLetters
from segmentary.client.host import Hosts
from segmentary.client.quota import Quotas
from segmentary.errors import MalformedBody, TryAgain, UnexpectedAnswer
from segmentary.rules.attribute import ABSENT, Attribute, describe
from segmentary.rules.draft import known_id, shown
from segmentary.rules.listing import ListQuery
from segmentary.rules.tags import Tags
from segmentary.wire import fault

T = TypeVar("T")
Pairs = list[tuple[str, str]]
SECONDS = 60.0
PAGE = 1000
KEY = "Idempotency-Key"
LONGEST_PAUSE_SECONDS = 2.0


class Client:
    """A server elsewhere; safe to be used from several threads."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        seconds: float = SECONDS,
        retries: int = 0,
        ca_file: str | None = None,
    ) -> None:
        """Prepare to talk to the server at a URL; nothing is connected yet.

        `seconds` is how long one answer is waited for. `retries` is how often a request that only reads, or that has an
        idempotency key, is repeated after `TryAgain`. `ca_file` names the certificates to trust, if not the system's.
        """
        self._url = url.rstrip("/")
        self._headers = {"Accept": "application/json", **({"X-Auth-Token": token} if token else {})}
        self._retries = retries
        self._pool = urllib3.PoolManager(timeout=seconds, retries=False, ca_certs=ca_file)
        self.networks = Collection(self, Network)
        self.segments = Collection(self, Segment)
        self.physical_networks = Collection(self, PhysicalNetwork)
        self.segment_ranges = Collection(self, SegmentRange)
        self.agents = Collection(self, Agent)
        self.hosts = Hosts(self.request)
        self.quotas = Quotas(self.request)
        self.event_destinations = Collection(self, EventDestination)
        self.rbac_policies = Collection(self, RbacPolicy)
        self.dead_letters = DeadLetters(self.request)

    def __enter__(self) -> Self:
        """Use it as a context manager to have it closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def request(  # noqa: PLR0913, each is one part of a request
        self,
        method: str,
        collection: str,
        record_id: str = "",
        *,
        pairs: Sequence[tuple[str, str]] = (),
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401, JSON
        """Return the JSON of the answer, None if it has none; raise the error that the server answered with.

        Raises `TryAgain` if there is no answer, and `UnexpectedAnswer` for one that is not this API's.
        """
        url = f"{self._url}/v2.0/{collection}{f'/{record_id}' if record_id else ''}"
        url += f"?{urlencode(pairs)}" if pairs else ""
        sent = {**self._headers, **(headers or {})}
        data = None if body is None else _encoded(body)
        for attempt in range(self._retries if method == "GET" or KEY in sent else 0):
            try:
                return self._answer(method, url, collection, data, sent)
            except TryAgain:
                time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.1 * 2**attempt)))  # noqa: S311, no secret
        return self._answer(method, url, collection, data, sent)

    def _answer(self, method: str, url: str, collection: str, data: bytes | None, headers: Mapping[str, str]) -> Any:  # noqa: ANN401, JSON
        try:
            answer = self._pool.request(method, url, body=data, headers=headers, redirect=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TryAgain(reason=f"{method} {url} was not answered ({error})") from error
        if answer.status == 204 and method in ("PUT", "DELETE"):  # noqa: PLR2004, no content
            return None
        try:
            found = msgspec.json.decode(answer.data)
        except msgspec.DecodeError:
            found = None
        if answer.status < 300 and isinstance(found, dict):  # noqa: PLR2004, all of 2xx
            return found
        told = fault.rebuilt(answer.status, found, collection)
        raise told or UnexpectedAnswer(url=url, status=answer.status, text=shown(answer.data.decode(errors="replace")))


class Collection(Generic[T]):
    """The records of one resource on a server: the verbs of `segmentary.app.Collection`."""

    def __init__(self, client: Client, record: type[T]) -> None:
        """Bind a resource to a client."""
        self._client, self._record = client, record
        self._resource = describe(record)

    def create(self, *, idempotency_key: str | None = None, **values: object) -> T:
        """Create a record and return it; with a key, a repeated request is answered, not carried out again."""
        body = {self._resource.name: self._on_wire(values)}
        return self._made(self._post(body, idempotency_key)[self._resource.name])

    def create_many(
        self, items: Sequence[Mapping[str, object]], *, idempotency_key: str | None = None
    ) -> builtins.list[T]:
        """Create several records, all or none, and return them in order; an error tells which `item` it is about."""
        if not items:
            return []
        body = {self._resource.collection: [self._on_wire(item) for item in items]}
        return [self._made(one) for one in self._post(body, idempotency_key)[self._resource.collection]]

    def list(self, query: ListQuery | None = None, /, **filters: object) -> builtins.list[T]:
        """Return the records whose attributes have these values; a list of values means any of them."""
        asked = query or ListQuery(filters=_several(filters))
        return builtins.list(self._records(asked, follow=asked.limit is None))

    def iterate(self, *, page: int = PAGE, **filters: object) -> Iterator[T]:
        """Give the records that `list` would, asking for a page of them at a time."""
        return self._records(ListQuery(filters=_several(filters), limit=page), follow=True)

    def show(self, record_id: str) -> T:
        """Return one record; raise the resource's `NotFound`."""
        return self._made(self._request("GET", record_id)[self._resource.name])

    def update(self, record_id: str, *, if_revision: int | None = None, **changes: object) -> T:
        """Change a record, only at revision `if_revision` if that is given, and return it as it is now."""
        body = {self._resource.name: self._on_wire(changes)}
        return self._made(self._request("PUT", record_id, body, _if_match(if_revision))[self._resource.name])

    def delete(self, record_id: str, *, if_revision: int | None = None) -> None:
        """Delete a record, only at revision `if_revision` if that is given."""
        self._request("DELETE", record_id, None, _if_match(if_revision))

    def _request(
        self, method: str, record_id: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Any:  # noqa: ANN401, JSON
        known = known_id(self._resource, record_id)
        return self._client.request(method, self._resource.collection, known, body=body, headers=headers)

    def _post(self, body: object, key: str | None) -> Any:  # noqa: ANN401, JSON
        headers = {KEY: key} if key is not None else None
        return self._client.request("POST", self._resource.collection, body=body, headers=headers)

    def _records(self, query: ListQuery, *, follow: bool) -> Iterator[T]:
        """Give the records of the page that is asked for, and those of the pages after it."""
        if not all(query.filters.values()):
            return
        collection, pairs = self._resource.collection, self._pairs(query)
        while True:
            answer = self._client.request("GET", collection, pairs=pairs)
            yield from (self._made(one) for one in answer[collection])
            after = [one["href"] for one in answer.get(f"{collection}_links", ()) if one["rel"] == "next"]
            if not (follow and after):
                return
            # Only the query of a link is used: its address is the one by which the server knows itself.
            pairs = parse_qsl(urlsplit(after[0]).query, keep_blank_values=True)

    def _pairs(self, query: ListQuery) -> Pairs:
        pairs = [(self._wire(name), _text(value)) for name, values in query.filters.items() for value in values]
        if query.sort != ListQuery().sort:
            for name, descends in query.sort:
                pairs += [("sort_key", self._wire(name)), ("sort_dir", "desc" if descends else "asc")]
        pairs += [("fields", name) for name in sorted(query.fields)]
        options = {"limit": query.limit, "marker": query.marker, "page_reverse": query.reverse or None}
        return pairs + [(name, _text(value)) for name, value in options.items() if value is not None]

    def _wire(self, name: str) -> str:
        """Return the name of an attribute in JSON; the server refuses what it does not know."""
        known = self._resource.by_name.get(name)
        return (known.wire if known else None) or name

    def _on_wire(self, values: Mapping[str, object]) -> dict[str, object]:
        return {self._wire(name): value for name, value in values.items()}

    def _made(self, told: Mapping[str, Any]) -> T:
        return self._record(**{one.name: _value(one, told) for one in self._resource.attributes})


def _value(one: Attribute, told: Mapping[str, Any]) -> object:
    value = told.get(one.wire, ABSENT) if one.wire else ABSENT
    if isinstance(one.kind, Tags) and isinstance(value, list):
        return tuple(value)
    return None if one.empty and value == "" else value


def _several(filters: Mapping[str, object]) -> dict[str, tuple[object, ...]]:
    return {
        name: tuple(value) if isinstance(value, list | tuple | set) else (value,) for name, value in filters.items()
    }


def _text(value: object) -> str:
    """Return a value as it stands in a query string; none is asked for by an empty text."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    return str(value)


def _encoded(body: object) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError) as error:
        raise MalformedBody(reason=f"The values cannot be written as JSON ({error})") from error


def _if_match(revision: int | None) -> dict[str, str]:
    return {} if revision is None else {"If-Match": f"revision_number={revision}"}

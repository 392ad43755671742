"""The records of one resource, as library users know them."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from segmentary.catalog.actor import LIBRARY, Actor
from segmentary.db import records
from segmentary.db.statement import Row
from segmentary.errors import InvalidInput, InvalidValue, Item, UnrecognizedFilter, blaming
from segmentary.rules.attribute import Attribute, Resource, describe
from segmentary.rules.draft import Changes, Draft, create_draft, known_id, refuse, shown, update_draft
from segmentary.rules.kind import UnfitValueError
from segmentary.rules.listing import ListQuery
from segmentary.rules.tags import Tags

T = TypeVar("T")


class UseCases(Protocol):
    """What is done with records of any resource: `segmentary.app.Application`."""

    def create(self, resource: Resource, drafts: Sequence[Draft[Any]], actor: Actor) -> list[Any]: ...  # noqa: D102

    def find(self, resource: Resource, query: ListQuery) -> list[Row]: ...  # noqa: D102

    def show(self, resource: Resource, record_id: str) -> Row: ...  # noqa: D102

    def update(  # noqa: D102
        self, resource: Resource, record_id: str, changes: Changes, revision: int | None, actor: Actor
    ) -> Any: ...  # noqa: ANN401, a record of the resource

    def delete(self, resource: Resource, record_id: str, revision: int | None, actor: Actor) -> None: ...  # noqa: D102


class Collection(Generic[T]):
    """The records of one resource, for library users: the verbs and errors of the API, without HTTP.

    Attributes have their Python names, such as `provider_network_type` for provider:network_type.
    """

    def __init__(self, app: UseCases, record: type[T], actor: Actor = LIBRARY) -> None:
        """Bind a resource to an application."""
        self._app, self._record, self._actor = app, record, actor
        self._resource = describe(record)

    def create(self, **values: object) -> T:
        """Create a record and return it."""
        draft: Draft[T] = create_draft(self._resource, values, by_wire=False)
        created: T = self._app.create(self._resource, [draft], self._actor)[0]
        return created

    def create_many(self, items: Sequence[Mapping[str, object]]) -> list[T]:
        """Create several records, all or none, and return them in order; an error tells which `item` it is about."""
        drafts: list[Draft[T]] = []
        for place, values in enumerate(items):
            item = Item(self._resource.collection, place)
            with blaming(item):
                drafts.append(create_draft(self._resource, values, by_wire=False, item=item))
        return self._app.create(self._resource, drafts, self._actor) if drafts else []

    def list(self, query: ListQuery | None = None, /, **filters: object) -> list[T]:
        """Return the records whose attributes have these values; a list of values means any of them."""
        asked = query or ListQuery(filters=self._checked(filters))
        return records.as_records(self._record, self._app.find(self._resource, asked))

    def show(self, record_id: str) -> T:
        """Return one record; raise the resource's `NotFound`."""
        return records.as_records(self._record, [self._app.show(self._resource, self._known(record_id))])[0]

    def update(self, record_id: str, *, if_revision: int | None = None, **changes: object) -> T:
        """Change a record, only at revision `if_revision` if that is given, and return it as it is now."""
        checked = update_draft(self._resource, changes, by_wire=False)
        updated: T = self._app.update(self._resource, self._known(record_id), checked, if_revision, self._actor)
        return updated

    def delete(self, record_id: str, *, if_revision: int | None = None) -> None:
        """Delete a record, only at revision `if_revision` if that is given."""
        self._app.delete(self._resource, self._known(record_id), if_revision, self._actor)

    def _known(self, record_id: str) -> str:
        return known_id(self._resource, record_id)

    def _checked(self, filters: Mapping[str, object]) -> dict[str, tuple[object, ...]]:
        known = {name: one for name, one in self._resource.by_name.items() if one.filterable}
        unknown = sorted(set(filters) - set(known))
        problems: list[InvalidInput] = []
        if unknown:
            problems.append(UnrecognizedFilter(attribute=", ".join(unknown), known=", ".join(sorted(known))))
        checked: dict[str, tuple[object, ...]] = {}
        for name, value in filters.items():
            values = tuple(value) if isinstance(value, list | tuple | set) else (value,)
            try:
                checked[name] = tuple(_asked(known[name], each) for each in values) if name in known else ()
            except UnfitValueError as unfit:
                reason = f"{shown(value)} is not allowed, a filter on it must be {unfit}, or a list of such values"
                problems.append(InvalidValue(attribute=name, value=value, reason=reason))
        refuse(problems)
        return checked


def _asked(one: Attribute, value: object) -> object:
    """Return the value a filter asks for; None where an attribute may have none."""
    kind = one.kind.entry if isinstance(one.kind, Tags) else one.kind
    return None if value is None and one.nullable else kind.accept(value)

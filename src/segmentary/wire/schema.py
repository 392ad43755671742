"""JSON Schema (2020-12) of what is on the wire, from the declarations by which it is decoded and encoded.

value        kind -> what a request may give           query_value   kind -> what a filter may be
components   the schemas of all resources, by name      parameters    resource -> the query options of its list
"""

from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from segmentary.catalog import RESOURCES
from segmentary.rules.attribute import Absent, Attribute, Presence, Resource
from segmentary.rules.kind import (
    Choice,
    Constant,
    Entries,
    Flag,
    Integer,
    Kind,
    Secret,
    Text,
    Timestamp,
    Url,
    Uuid,
    View,
)
from segmentary.rules.rule import ReferenceRule
from segmentary.rules.tags import Tags
from segmentary.wire.query import LARGEST_LIMIT

Schema = dict[str, Any]
# U+0000 to U+001F and U+007F to U+009F; the second allows line breaks and tabs.
_NO_CONTROLS = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
_LINES = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$"
RELATIONS = ("next", "previous")
TEXT: Schema = {"type": "string"}
_LARGEST_FILTER = 10**18 - 1
_ANY_OF = "Records with any of these values."
_NAMES = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}


def components() -> dict[str, Schema]:
    """Return the schemas of every resource by name, and what else they refer to."""
    found: dict[str, Schema] = {"Link": closed({"rel": {"type": "string", "enum": [*RELATIONS]}, "href": TEXT})}
    for resource in RESOURCES:
        one, several = resource.name, resource.collection
        created, changed = reference(resource, "Create"), reference(resource, "Update")
        beside = {f"{several}_links": array({"$ref": "#/components/schemas/Link"}), "count": {"type": "integer"}}
        forms = {
            "": _shown(resource),
            "Answer": closed({one: reference(resource)}),
            "ListAnswer": closed({several: array(reference(resource)), **beside}, *beside),
        }
        if resource.routed:
            forms |= {
                "Create": _writable(resource, "create"),
                "Update": _writable(resource, "update"),
                "CreateRequest": closed({one: created}),
                "CreateSeveralRequest": closed({several: array(created, minItems=1)}),
                "UpdateRequest": closed({one: changed}),
            }
        found |= {f"{resource.record.__name__}{form}": schema for form, schema in forms.items()}
    return found


def reference(resource: Resource, form: str = "") -> Schema:
    """Return a reference to one of the schemas of a resource: "" (as it is shown), Create, Answer ..."""
    return {"$ref": f"#/components/schemas/{resource.record.__name__}{form}"}


def closed(properties: dict[str, Schema], *optional: str) -> Schema:
    """Return the schema of an object with these properties and no others."""
    required = [name for name in properties if name not in optional]
    rest = {"required": required} if required else {}
    return {"type": "object", "properties": properties, **rest, "additionalProperties": False}


def array(items: Schema, **limits: int) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, **limits}


def either(*schemas: Schema) -> Schema:
    """Return the schema of what fits exactly one of these."""
    return {"oneOf": list(schemas)}


def option(name: str, schema: Schema, description: str) -> Schema:
    """Return a parameter of the query string."""
    return {"name": name, "in": "query", "schema": schema, "description": description}


def parameters(resource: Resource) -> list[Schema]:
    """Return the query options of a resource's list: its filters, sorting, paging and `fields`."""
    shown = ", ".join(name for name, _ in _names(resource))
    sortable = sorted(wire for wire, one in resource.by_wire.items() if one.sortable and one.stored)
    options = [
        option("fields", array(TEXT), f"Only these attributes, of {shown}; others are ignored."),
        option(
            "sort_key",
            array({"type": "string", "enum": sortable}),
            "What to sort by, in order; as many as there are sort_dir.",
        ),
        option("sort_dir", array({"type": "string", "enum": ["asc", "desc"]}), "The direction of each sort_key."),
        option("limit", value(Integer(0, LARGEST_LIMIT)), "The most records of the answer; 0 for no limit of yours."),
        option("marker", TEXT, "With a limit: the id of the record after which the page begins."),
        option("marker_values", TEXT, "What a link to a page says of the marker's record."),
        option("page_reverse", value(Flag()), "The page before the marker in place of the one after it."),
        option("with_count", value(Flag()), "Tell in `count` how many records there are on all pages."),
    ]
    filters = [
        option(wire, array(_filter(one)), one.doc if isinstance(one.kind, Tags) else f"{_ANY_OF} {one.doc}")
        for wire, one in resource.filters.items()
    ]
    return filters + options


def fields(resource: Resource) -> Schema:
    """Return the query option by which fewer attributes of one record are asked for."""
    return next(one for one in parameters(resource) if one["name"] == "fields")


def _filter(one: Attribute) -> Schema:
    wanted = query_value(one.kind)
    # Empty text asks for records that have no value; it is no number, flag or time, but a text as any other.
    return {"anyOf": [wanted, {"const": ""}]} if one.nullable and wanted["type"] != "string" else wanted


def value(kind: Kind) -> Schema:
    """Return what a request may give for an attribute of this kind."""
    return _VALUES[type(kind)](kind)


def query_value(kind: Kind) -> Schema:
    """Return what a query string may ask for in an attribute of this kind; what cannot be stored matches nothing."""
    return _QUERY_VALUES[type(kind)](kind)


def _entries(kind: Entries) -> Schema:
    properties = {key: value(one) for key, _, one in kind.fields}
    return array(closed(properties, *(set(properties) - set(kind.required))), minItems=kind.minimum)


def _text(kind: Text) -> Schema:
    smallest = {"minLength": kind.minimum} if kind.minimum else {}
    return {**TEXT, **smallest, "maxLength": kind.maximum, "pattern": _LINES if kind.lines else _NO_CONTROLS}


_VALUES: Mapping[type, Callable[[Any], Schema]] = {
    Uuid: lambda _: {**TEXT, "format": "uuid"},
    Text: _text,
    Secret: _text,
    Url: lambda kind: {**_text(kind), "format": "uri"},
    Integer: lambda kind: {"type": "integer", "minimum": kind.minimum, "maximum": kind.maximum},
    Flag: lambda _: {"type": "boolean"},
    Choice: lambda kind: {**TEXT, "enum": list(kind.values)},
    Timestamp: lambda _: {**TEXT, "format": "date-time", "pattern": "^[0-9-]{10}T[0-9:]{8}Z$"},
    Entries: _entries,
    Constant: lambda kind: {**value(kind.kind), "const": kind.value},
    Tags: lambda kind: array(value(kind.entry), maxItems=kind.most, uniqueItems=True),
}
_QUERY_VALUES: Mapping[type, Callable[[Any], Schema]] = {
    **_VALUES,
    Uuid: lambda _: TEXT,
    Text: lambda kind: {**TEXT, "pattern": _LINES if kind.lines else _NO_CONTROLS},
    Url: lambda _: {**TEXT, "pattern": _NO_CONTROLS},
    Choice: lambda _: {**TEXT, "pattern": _NO_CONTROLS},
    Constant: lambda kind: query_value(kind.kind),
    View: lambda kind: query_value(kind.entry),
    Tags: lambda kind: query_value(kind.entry),
    Integer: lambda _: {"type": "integer", "minimum": -_LARGEST_FILTER, "maximum": _LARGEST_FILTER},
}


def _writable(resource: Resource, verb: str) -> Schema:
    """Return the body of a request that creates or updates, without the name of the resource around it."""
    properties: dict[str, Schema] = {}
    required, both = [], []
    for one in resource.attributes + resource.options:
        if not one.wire or not (one.update if verb == "update" else one.create is not Presence.REFUSED):
            continue
        given = value(one.kind)
        if one.empty:
            given.pop("minLength", None)
        described = {**(_or_null(given) if one.null else given), "description": one.doc}
        if verb == "create" and one.default is not None:
            described["default"] = list(one.default) if isinstance(one.default, tuple) else one.default
        properties[one.wire] = described
        if verb == "create" and one.create is Presence.REQUIRED:
            required.append(one.wire)
        if one.also:
            properties[one.also] = {**described, "description": f"Another name of {one.wire}."}
            both.append({"not": {"required": [one.wire, one.also]}})
    schema = closed(properties, *(name for name in properties if name not in required))
    if both:
        schema["allOf"] = both
    rules = [one.limit for one in resource.rules if not isinstance(one, ReferenceRule)]
    if rules:
        schema["description"] = "What must hold beside the limits of each attribute:\n\n" + "".join(
            f"- {limit}\n" for limit in rules
        )
    return schema


def _shown(resource: Resource) -> Schema:
    """Return the schema of a record as it is shown, where `fields` may leave out any attribute."""
    hints = get_type_hints(resource.record)
    properties = {
        name: {**_shown_value(one, hints[one.name]), "description": one.doc} for name, one in _names(resource)
    }
    return {"description": " ".join((resource.record.__doc__ or "").split()), **closed(properties, *properties)}


def _names(resource: Resource) -> list[tuple[str, Attribute]]:
    return [(name, one) for one in resource.attributes for name in one.names]


def _shown_value(one: Attribute, hint: object) -> Schema:
    if isinstance(one.kind, View):
        return _of_hint(hint)
    if isinstance(one.kind, Entries):
        return array(closed({key: _or_null(value(kind)) for key, _, kind in one.kind.fields}))
    if one.empty:
        return {**value(one.kind), "minLength": 0}
    return _or_null(value(one.kind)) if one.nullable else value(one.kind)


def _of_hint(hint: object) -> Schema:
    """Return the schema of values of a Python type; that an attribute may be absent is said elsewhere."""
    if isinstance(hint, UnionType):
        found = [_of_hint(one) for one in get_args(hint) if one is not Absent]
        return found[0] if len(found) == 1 else {"anyOf": found}
    inner = get_args(hint)
    if get_origin(hint) is list:
        return array(_of_hint(inner[0]))
    if get_origin(hint) is dict:
        return {"type": "object", "additionalProperties": inner[1] is object or _of_hint(inner[1])}
    return {"type": _NAMES[hint]}  # type: ignore[index]  # a KeyError says which type has no schema


def _or_null(schema: Schema) -> Schema:
    choices = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **choices}

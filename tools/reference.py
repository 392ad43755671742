"""The pages of docs/reference, made from the declarations."""

import json
from collections.abc import Callable, Iterable, Sequence

import click

from segmentary import errors
from segmentary.api import routes
from segmentary.api.authentication import BASIC, TOKEN
from segmentary.api.body import Bodies
from segmentary.api.openapi import document
from segmentary.app import Application
from segmentary.catalog import RESOURCES
from segmentary.catalog.action import ACTIONS, OWN_ACTOR, PARTS, TARGETS, Action
from segmentary.catalog.event import Event, Verb
from segmentary.catalog.extension import EXTENSIONS
from segmentary.catalog.network_type import NETWORK_TYPES, NetworkType, Scope
from segmentary.cli.main import commands
from segmentary.errors import SegmentaryError
from segmentary.rules.attribute import Attribute, Presence
from segmentary.rules.kind import View
from segmentary.services.policy_rules import OF_CALLER
from segmentary.settings import ENVIRONMENT_PREFIX, FIELDS, Settings
from segmentary.wire import fault
from tools.markdown import NONE, page, sentence, table, yes
from tools.rules_page import rules_page

METHODS = ("get", "post", "put", "delete")


def pages() -> dict[str, str]:
    """Return the text of each page by file name."""
    made = {f"{name}.md": page() for name, page in PAGES.items()}
    return {"README.md": _index(made), **made}


def openapi() -> str:
    """Return the OpenAPI document of a server that asks for a token."""
    settings = Settings()
    app = Application(settings)
    made = document(routes.routes(app, Bodies(settings)), routes.OPEN_PATHS, (TOKEN, BASIC))
    app.close()
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _index(made: dict[str, str]) -> str:
    """Return the list of the pages: the title and the first paragraph of each."""
    lines = []
    for name, text in made.items():
        _, title, first, *_ = text.split("\n\n")
        lines.append(f"- [{title.removeprefix('# ')}]({name}): {' '.join(first.split())}")
    schemas = "- Schema: " + ", ".join(
        f"[{scheme}](schema/{scheme}.sql)" for scheme in ("sqlite", "postgresql", "mariadb")
    )
    described = "- [The API as an OpenAPI document](openapi.json): served at `/openapi.json`, shown at `/docs`."
    return page(
        "Reference", "Everything here is made by `make docs` from the source.", "\n".join([*lines, described, schemas])
    )


def _resources() -> str:
    parts = [
        page(
            "Resources",
            "The attributes of every resource: what a request may contain, what an answer does.",
            """`POST` and `PUT` say whether the body of a create or an update may have the attribute, and what counts
where it is left out. `filter`: it may stand in the query string of a list. `sort`: it may be a `sort_key`. An
attribute is in every answer, unless its description says otherwise.""",
        ).rstrip("\n")
    ]
    for resource in RESOURCES:
        shown = [one for one in resource.attributes if one.wire]
        hidden = [one for one in resource.attributes if not one.wire]
        rules = ", ".join(f"[`{rule.name}`](rules.md#{rule.name})" for rule in resource.rules)
        parts += [
            f"## {resource.name}",
            sentence(resource.record),
            f"Collection: `/v2.0/{resource.collection.replace('_', '-')}`. Not found: `{resource.not_found.__name__}`.",
            table(
                ("attribute", "value", "POST", "PUT", "filter", "sort", "meaning"),
                (_attribute_cells(one) for one in shown),
            ),
        ]
        if resource.options:
            cells = ((f"`{one.wire}`", _value(one), _on_create(one), one.doc) for one in resource.options)
            parts += [
                "What a create request may also say, neither stored nor shown:",
                table(("option", "value", "POST", "meaning"), cells),
            ]
        if resource.lookups:
            parts += [
                "Filters of lists that are no attributes:",
                table(
                    ("filter", "value", "meaning"),
                    ((f"`{one.wire}`", _value(one), one.doc) for one in resource.lookups),
                ),
            ]
        if hidden:
            parts += [
                "Stored, never shown:",
                table(("column", "value", "meaning"), ((f"`{one.name}`", _value(one), one.doc) for one in hidden)),
            ]
        if rules:
            parts.append(f"Rules beyond single attributes: {rules}.")
    return "\n\n".join(parts) + "\n"


def _attribute_cells(one: Attribute) -> tuple[str, ...]:
    name = f"`{one.wire}`" + (f", `{one.also}`" if one.also else "")
    sortable = one.sortable and one.stored
    return name, _value(one), _on_create(one), yes(one.update), yes(one.filterable), yes(sortable), one.doc


def _on_create(one: Attribute) -> str:
    """Tell whether a create request may have the attribute, and what counts where it is left out."""
    if one.create is not Presence.OPTIONAL:
        return NONE if one.create is Presence.REFUSED else "required"
    if one.default is None:
        return "optional; null" if one.nullable and one.stored else "optional"
    return f"optional; {json.dumps(one.default)}"


def _value(one: Attribute) -> str:
    if isinstance(one.kind, View):
        return "shown only"
    text = one.kind.allows.partition(" such as ")[0]
    if getattr(one.kind, "decimal_text", False):
        text += ', also as text: "100"'
    return text + (", or null" if one.null else "") + (", or empty text" if one.empty else "")


def _network_types() -> str:
    return page(
        "Network types",
        "How segments are realised, and what each way needs.",
        table(
            (
                "network_type",
                "physical_network",
                "segmentation_id",
                "one holder for each",
                "refused with",
                "MTU",
                "source",
            ),
            (_network_type_cells(one) for one in NETWORK_TYPES),
        ),
        """MTU: what a segment of the type carries, in bytes, out of the MTU of its underlay. The underlay's is the
setting `global_physnet_mtu`, or the `mtu` of the physical network where that is smaller.""",
    )


def _network_type_cells(one: NetworkType) -> tuple[str, ...]:
    return (
        f"`{one.name}`",
        one.physical_network.value,
        f"{one.ids.minimum} to {one.ids.maximum}" if one.ids else "forbidden",
        _holder_of(one),
        f"`{one.in_use.__name__}`" if one.in_use else NONE,
        NONE if one.overhead is None else f"underlay - {one.overhead}" if one.overhead else "underlay",
        one.source,
    )


def _holder_of(one: NetworkType) -> str:
    """Tell what has one holder among the segments of a type."""
    place = ["physical_network"] if one.unique_in is Scope.PHYSICAL_NETWORK else []
    return " and ".join(place + (["segmentation_id"] if one.ids else [])) if one.in_use else NONE


def _errors() -> str:
    parts = [
        page(
            "Errors",
            "Every error by what the caller can do about it, with its answer over HTTP.",
            """The body of an answer is `{"NeutronError": {"type": ..., "message": ..., "detail": ""}}`. Where the
request itself is wrong it also has `problems`: a list that names the `rule`, the `attribute` and, of a bulk request,
the `item` of each problem, as far as there is one; the messages of several stand in one answer, a line each. Any
other error that is about one item of a bulk request has its index as `item` beside the type, and its place before the
message: `segments[3]: ...`. `causes` has the class of each problem and the `data` it is made from, of which the
[Python client](../how-to/python-client.md) makes the same error again. A path or a method that does not exist is
answered with 404 `HTTPNotFound` or 405 `HTTPMethodNotAllowed`. The body with status 401 has Keystone's form,
`{"error": {"code": 401, ...}}`. With status 500
the message tells nothing of the cause; it is in the log, beside the request id that stands in the header
`x-openstack-request-id` of the answer. Library users get the class with the same message and `item`; the words in
braces are keys of its `data`.""",
        ).rstrip("\n")
    ]
    for group in SegmentaryError.__subclasses__():
        leaves = list(_leaves(group))
        parts.append(f"## {group.__name__}")
        if leaves != [group]:
            parts.append(sentence(group))
        parts.append(
            table(
                ("class", "status", "type in the body", "message"),
                ((f"`{one.__name__}`", *_answer(one), one.template()) for one in leaves),
            )
        )
    return "\n\n".join(parts) + "\n"


def _leaves(of: type[SegmentaryError]) -> Iterable[type[SegmentaryError]]:
    """Return the classes that are raised: those without subclasses, in the order of their declaration."""
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, of)]
    return [one for one in found if not one.__subclasses__()]


def _answer(error: type[SegmentaryError]) -> tuple[str, str]:
    """Return status and type of the answer; dashes for what ends the program before it serves."""
    if issubclass(error, errors.InvalidSetting | errors.SchemaNotCurrent):
        return NONE, "ends the program at its start"
    status, wire_type = fault.status_and_type(error)
    return str(status), f"`{wire_type}`"


def _events() -> str:
    return page(
        "Events",
        "What is recorded about every change, in the transaction of the change.",
        table(
            ("type", "recorded when"),
            (
                (
                    f"`{Event(verb, None, resource.record).type}`",
                    f"a {resource.name.replace('_', ' ')} was {verb.value}",
                )
                for resource in RESOURCES
                for verb in Verb
            ),
        ),
        """A row of the table `events` has the event's own id, its type, the id of the record, the payload, the
name of the actor, the request id, the time, and the projects of the record and of the actor, by which
[the policy](policy.md) decides who reads it. The payload is JSON: `record` is the record as the API shows it (a
deleted one: as it last was); for an update `changed` has the `old` and the `new` value of each attribute that
changed. A segment that is created or deleted with its network has events of its own.""",
    )


def _settings() -> str:
    return page(
        "Settings",
        "Each setting as an option, an environment variable or a key of the TOML file; the first that is given counts.",
        table(
            ("option", "environment", "TOML key", "default", "allowed", "meaning"),
            (
                (
                    f"`--{name.replace('_', '-')}`",
                    f"`{ENVIRONMENT_PREFIX}{name.upper()}`",
                    f"`{name}`",
                    f"`{field.default}`" if field.default != "" else "none",
                    f"{field.metadata['minimum']} to {field.metadata['maximum']}" if field.type is int else "text",
                    field.metadata["doc"],
                )
                for name, field in FIELDS.items()
            ),
        ),
        f"""The file is named by `--config FILE` or `{ENVIRONMENT_PREFIX}CONFIG`; there is none by default. A key
of the file that is no setting is refused. A URL has the form `sqlite:///file.db` (a relative path;
`sqlite:////srv/file.db` an absolute one), `postgresql://user:password@host:port/database` or
`mariadb://user:password@host:port/database`; what has a meaning in a URL is escaped in the password (`@` as
`%40`).""",
    )


def _command_line() -> str:
    parts = [
        page(
            "Command line",
            "The commands of `segmentary`.",
            "Exit status: 0 done, 1 refused, 2 wrong usage; both are one line on standard error.",
        ).rstrip("\n")
    ]
    parts += [text for path, command in _commands("segmentary", commands) for text in _command(path, command)]
    return "\n\n".join(parts) + "\n"


def _commands(path: str, command: click.Command) -> Iterable[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, one in sorted(command.commands.items()):
            yield from _commands(f"{path} {name}", one)


def _command(path: str, command: click.Command) -> list[str]:
    words = " ".join((command.help or "").split())
    if isinstance(command, click.Group):
        words += " Commands: " + ", ".join(f"`{name}`" for name in sorted(command.commands)) + "."
    options = [one for one in command.params if isinstance(one, click.Option)]
    parts = [f"## {path}", words]
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    if arguments:
        parts.append(f"Arguments: {' '.join(f'`{one.metavar or (one.name or str()).upper()}`' for one in arguments)}")
    if options:
        rows = ((f"`{', '.join(one.opts)}`" + _metavar(one), " ".join((one.help or "").split())) for one in options)
        parts.append(table(("option", "meaning"), rows))
    return parts


def _metavar(option: click.Option) -> str:
    if isinstance(option.type, click.Choice) and not option.metavar:
        return f" one of {', '.join(option.type.choices)}"
    return "" if option.is_flag else f" {option.metavar or 'TEXT'}"


def _extensions() -> str:
    return page(
        "Extensions",
        "What `/v2.0/extensions` lists: the aliases by which clients find out what is implemented.",
        table(
            ("alias", "name", "adds", "updated"),
            ((f"`{one.alias}`", one.name, one.description, one.updated) for one in EXTENSIONS),
        ),
    )


def _routes() -> str:
    settings = Settings()
    app = Application(settings)
    served = list(routes.routes(app, Bodies(settings)))
    app.close()
    return page(
        "Routes",
        "Every path that is answered, with its methods.",
        table(
            ("path", *(method.upper() for method in METHODS)),
            ((f"`{path}`", *(_does(handler, method) for method in METHODS)) for path, handler in served),
        ),
        f"""Without credentials: {", ".join(f"`{path}`" for path in sorted(routes.OPEN_PATHS))}.

A collection is spelled with hyphens or with underscores. A slash at the end of a path changes nothing, nor does `.json`
below `/v2.0`.""",
    )


def _does(handler: object, method: str) -> str:
    """Tell what a handler does on a method."""
    responder = getattr(handler, f"on_{method}", None)
    return sentence(responder) if responder else NONE


def _policy() -> str:
    def rows(actions: Iterable[Action]) -> Iterable[Sequence[str]]:
        return ((f"`{one.name}`", f"`{one.default}`", one.doc) for one in actions)

    head = ("rule", "default", "what it decides")
    return page(
        "Policy",
        "Who may do what: a rule for each action, in the language of "
        "[oslo.policy](https://docs.openstack.org/oslo.policy/latest/admin/policy-yaml-file.html).",
        "A YAML file (`--policy-file`) puts other rules in the place of these; `segmentary policy check` tries it.\n"
        "A rule may ask of the caller: `role:NAME`, and "
        + ", ".join(f"`{one}:VALUE`" for one in OF_CALLER)
        + ". Of a network it may also ask "
        + ", ".join(f"`%({one})s`" for one in TARGETS["network"])
        + "; of an event `%(project_id)s`, whose the record was, and for what it tells of the actor "
        + f"`%({next(word for word, one in TARGETS['actor of event'].items() if one == OWN_ACTOR)})s`.",
        "## Actions",
        table(head, rows(ACTIONS)),
        "## Parts",
        "What the rules above refer to.",
        table(head, rows(PARTS)),
    )


PAGES: dict[str, Callable[[], str]] = {
    "resources": _resources,
    "network-types": _network_types,
    "rules": rules_page,
    "errors": _errors,
    "events": _events,
    "settings": _settings,
    "policy": _policy,
    "command-line": _command_line,
    "extensions": _extensions,
    "routes": _routes,
}

"""The page of docs/reference about rules and the constraints that enforce them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, Column, Constraint, ForeignKeyConstraint, UniqueConstraint

from segmentary.catalog import RESOURCES
from segmentary.catalog.stored import STORED_RULES
from segmentary.db.tables import METADATA, TABLES
from segmentary.rules.attribute import Presence, Resource
from segmentary.rules.rule import ReferenceRule, RequestRule, RowRule, Rule, UniqueRule
from tools.markdown import page, table


def rules_page() -> str:
    """Return the page."""
    parts = [
        page(
            "Rules",
            "What every stored record obeys, and what is demanded of a request.",
            """A rule has one name: it is that of the constraint in each database, and it stands as `rule` in the
`problems` of the answer that refuses a request. The SQL of each database: [sqlite](schema/sqlite.sql),
[postgresql](schema/postgresql.sql), [mariadb](schema/mariadb.sql).""",
        ).rstrip("\n")
    ]
    for resource in RESOURCES:
        others = [rule for rule in resource.rules if not isinstance(rule, RowRule)]
        parts.append(f"## {resource.name}")
        parts += [_rule(resource, rule) for rule in (*resource.row_rules, *others)]
    parts += [
        "## Rules of all rows together",
        """No constraint can say them, no request alone breaks them: `segmentary audit` looks for what does.""",
        table(("rule", "demands", "why"), ((f"`{one.name}`", one.limit, one.why) for one in STORED_RULES)),
        "## Constraints that are no rules",
        """They keep the form of what only the program itself writes; a request cannot break them.""",
        table(("constraint", "table", "demands"), _constraints_without_rule()),
    ]
    return "\n\n".join(parts) + "\n"


def _rule(resource: Resource, rule: Rule) -> str:
    attribute = f"`{rule.attribute}`: " if not isinstance(rule, UniqueRule) else ""
    demand = attribute + rule.limit if attribute else rule.limit[0].upper() + rule.limit[1:]
    lines = [f"### {rule.name}", "", f"{demand}.", "", f"- enforced by: {_enforced(resource, rule)}"]
    if isinstance(rule, RowRule) and rule.source:
        lines.append(f"- source: {rule.source}")
    return "\n".join(lines)


def _enforced(resource: Resource, rule: Rule) -> str:
    """Tell who refuses what breaks the rule."""
    match rule:
        case RowRule():
            one = resource.by_name[rule.attribute]
            on_request = "the request check; " if one.update or one.create is not Presence.REFUSED else ""
            return f"{on_request}the constraint `CHECK ({_check_sql(resource, rule)})`"
        case UniqueRule():
            table = TABLES[resource.collection]
            key = [part if isinstance(part, str) else part.name for part in rule.key]
            computed = "".join(f"; `{name}` is `{_computed(table.c[name])}`" for name in key if table.c[name].computed)
            return f"the constraint `UNIQUE ({', '.join(key)})`{computed}"
        case ReferenceRule():
            target = f"{rule.collection} ({rule.target})"
            return f"the use case; the constraint `FOREIGN KEY ({rule.attribute}) REFERENCES {target}`"
        case RequestRule():
            return "the use case, in the transaction of the change"


def _check_sql(resource: Resource, rule: RowRule) -> str:
    constraint = next(one for one in TABLES[resource.collection].constraints if one.name == rule.name)
    assert isinstance(constraint, CheckConstraint)  # noqa: S101, a row rule is a CHECK
    return _sql(constraint.sqltext)


def _computed(column: Column[Any]) -> str:
    assert column.computed is not None  # noqa: S101, asked for generated columns only
    return _sql(column.computed.sqltext)


def _sql(expression: Any) -> str:  # noqa: ANN401, an SQL expression of any kind
    """Return an expression in SQL that is close to all three databases, without names of tables."""
    text = str(expression.compile(compile_kwargs={"literal_binds": True, "include_table": False}))
    return " ".join(text.split())


def _constraints_without_rule() -> Iterable[tuple[str, ...]]:
    names = {rule.name for resource in RESOURCES for rule in (*resource.row_rules, *resource.rules)}
    for of in METADATA.sorted_tables:
        for constraint in sorted(of.constraints, key=lambda one: (str(one.name), _database_of(one))):
            if constraint.name is None or constraint.name in names:
                continue
            if isinstance(constraint, CheckConstraint):
                where = f" (in {_database_of(constraint)}, which has no type for it)"
                yield f"`{constraint.name}`", of.name, f"`{_sql(constraint.sqltext)}`{where}"
            elif isinstance(constraint, UniqueConstraint):
                columns = ", ".join(column.name for column in constraint.columns)
                yield f"`{constraint.name}`", of.name, f"UNIQUE ({columns})"
            elif isinstance(constraint, ForeignKeyConstraint):
                targets = ", ".join(f"{one.parent.name} -> {one.target_fullname}" for one in constraint.elements)
                yield f"`{constraint.name}`", of.name, f"FOREIGN KEY ({targets})"
            else:
                raise TypeError(constraint)


def _database_of(constraint: Constraint) -> str:
    """Return the only database that a constraint is made in, or nothing if it is made in all."""
    condition = constraint._ddl_if  # noqa: SLF001, no public way
    return condition.dialect or "" if condition is not None else ""

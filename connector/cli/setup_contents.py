"""`setup contents`: the page of what is installed in Dataverse, generated from the manifest.

python -m connector setup contents > docs/administrators/dataverse-contents.md
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from connector.dataverse.schema import Column, Table
    from connector.dataverse.schema.roles import SecurityRole

#: Behind a right that reaches the rows of the user only.
_OF_OWN: Final = " (own rows)"
PREFACE: Final = """\
# What is installed in Dataverse

This page is generated from the manifest by `python -m connector setup contents`. How it is installed, upgraded and
removed: [Setting up Dataverse](dataverse.md).
"""


def contents() -> None:
    """Print the page of tables, columns, choices, keys, the app and roles, generated from the manifest."""
    typer.echo("\n".join(_page()))


def _page() -> Iterator[str]:
    from connector.dataverse.schema import installation as manifest  # noqa: PLC0415 - loaded when used
    from connector.dataverse.schema.roles import service_role, user_role  # noqa: PLC0415

    solution, publisher = manifest.SOLUTION, manifest.PUBLISHER
    yield PREFACE
    yield (
        f"Solution `{solution.name}`, version {solution.version}, of the publisher `{publisher.name}` with the prefix "
        f"`{publisher.prefix}`.\n"
    )
    yield "## Tables\n"
    for table in manifest.OWN_TABLES:
        yield f"### {table.label} (`{table.name}`)\n"
        yield f"{manifest.table_description(table).en}\n"
        yield from _columns(table, manifest.own_columns(table))
        for name, columns in table.keys.items():
            yield f"Alternate key `{name}`: {', '.join(f'`{each}`' for each in columns)}.\n"
    yield "## Columns of standard tables\n"
    for table in manifest.EXTENDED_TABLES:
        yield f"### {table.label} (`{table.name}`)\n"
        yield from _columns(table, manifest.own_columns(table))
    yield "## Choices\n"
    for choice in manifest.GLOBAL_CHOICES:
        yield f"### {choice.title.en} (`{choice.name}`)\n"
        yield f"{choice.description.en}\n"
        yield "| Value | English | Dutch |\n|---|---|---|"
        yield from (f"| {value} | {text.en} | {text.nl} |" for value, text in choice.options.items())
        yield ""
    yield from _app()
    yield "## Roles\n"
    for role in (service_role(), user_role()):
        yield from _role(role)


def _app() -> Iterator[str]:
    from connector.dataverse.schema.app import SPOTLER_HUB  # noqa: PLC0415 - loaded when used

    yield f"## App {SPOTLER_HUB.name} (`{SPOTLER_HUB.unique_names[0]}`)\n"
    yield f"{SPOTLER_HUB.description.en}\n"
    yield f"Seen by: {', '.join(SPOTLER_HUB.roles)}.\n"
    yield "| English | Dutch | Lines of the left navigation |\n|---|---|---|"
    for group in SPOTLER_HUB.groups:
        lines = (f"`{each.table}`" if each.table else each.title.en if each.title else "" for each in group.entries)
        yield f"| {group.title.en} | {group.title.nl} | {', '.join(lines)} |"
    yield ""


def _columns(table: "Table", columns: "tuple[Column, ...]") -> Iterator[str]:
    from connector.dataverse.schema.installation import column_description  # noqa: PLC0415 - loaded when used

    yield "| Column | Label | Type | What it is |\n|---|---|---|---|"
    for column in columns:
        description = column_description(table, column).en.replace("|", "\\|")
        yield f"| `{column.name}` | {column.label} | {_kind(column)} | {description} |"
    yield ""


def _kind(column: "Column") -> str:
    from connector.dataverse.schema import Kind  # noqa: PLC0415 - loaded when used

    if column.targets:
        return f"Lookup to {', '.join(column.targets)}"
    if column.global_choice:
        return f"Choice `{column.global_choice}`"
    if column.auto_number:
        return f"Autonumber `{column.auto_number}`"
    return f"{column.kind.value} ({column.length})" if column.kind in (Kind.TEXT, Kind.MEMO) else column.kind.value


def _role(role: "SecurityRole") -> Iterator[str]:
    from connector.dataverse.schema.roles import Depth  # noqa: PLC0415 - loaded when used

    rights: dict[str, list[str]] = defaultdict(list)
    for each in role.privileges:
        rights[each.table].append(each.right.value + (_OF_OWN if each.depth is Depth.BASIC else ""))
    yield f"### {role.name}\n"
    yield f"{role.description.en}\n"
    yield "| Table | Rights, for the whole organisation where nothing else is said |\n|---|---|"
    yield from (f"| `{table}` | {', '.join(names)} |" for table, names in rights.items())
    yield ""
    if role.others:
        yield f"And these privileges: {', '.join(f'`{name}`' for name in role.others)}.\n"

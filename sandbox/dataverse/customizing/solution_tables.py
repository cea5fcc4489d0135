"""Publishers, solutions and what is in them: the tables, the rows of a new environment, and the rules of writes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from connector.dataverse.schema import Column, Kind, Table
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.errors import duplicate_id
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.store import Row, Transaction
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import RowEvent, Writer

PUBLISHER: Final = "publisher"
SOLUTION: Final = "solution"
COMPONENT: Final = "solutioncomponent"

DEFAULT_PUBLISHER_ID: Final = "d21aab71-79e7-11dd-8874-00188b01e34f"
#: The ids of the default solutions are the same in every environment.
DEFAULT_SOLUTION_ID: Final = "fd140aaf-4df4-11dd-bd17-0019b9312238"
DEFAULT_SOLUTION: Final = "Default"

_PREFIX: Final = re.compile(r"(?!mscrm)[a-z][a-z0-9]{1,7}", re.IGNORECASE)
_UNIQUE_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_VERSION: Final = re.compile(r"\d+\.\d+(\.\d+){0,2}")
_OPTION_PREFIXES: Final = range(10_000, 100_000)

_DATES: Final = (
    Column("createdon", Kind.DATE_TIME, writable=False),
    Column("modifiedon", Kind.DATE_TIME, writable=False),
    Column("versionnumber", Kind.BIG_INTEGER, writable=False),
)


def _lookup(name: str, target: str, *, required: bool = False) -> Column:
    return Column(name, Kind.LOOKUP, targets=(target,), navigation={target: name}, required=required)


SOLUTION_TABLES: Final = (
    Table(
        name=PUBLISHER,
        set_name="publishers",
        label="Publisher",
        id_column="publisherid",
        name_column="friendlyname",
        columns=(
            Column("publisherid", Kind.ID),
            Column("uniquename", Kind.TEXT, length=256, required=True),
            Column("friendlyname", Kind.TEXT, length=256, required=True),
            Column("description", Kind.MEMO, length=2000),
            Column("customizationprefix", Kind.TEXT, length=8, required=True),
            Column("customizationoptionvalueprefix", Kind.INTEGER, required=True),
            Column("isreadonly", Kind.YES_NO, default=False, writable=False),
            *_DATES,
        ),
    ),
    Table(
        name=SOLUTION,
        set_name="solutions",
        label="Solution",
        id_column="solutionid",
        name_column="friendlyname",
        columns=(
            Column("solutionid", Kind.ID),
            Column("uniquename", Kind.TEXT, length=65, required=True),
            Column("friendlyname", Kind.TEXT, length=256, required=True),
            Column("description", Kind.MEMO, length=2000),
            Column("version", Kind.TEXT, length=256, default="1.0.0.0"),
            Column("ismanaged", Kind.YES_NO, default=False, writable=False),
            Column("isvisible", Kind.YES_NO, default=True, writable=False),
            _lookup("publisherid", PUBLISHER, required=True),
            *_DATES,
        ),
    ),
    Table(
        name=COMPONENT,
        set_name="solutioncomponents",
        label="Solution Component",
        id_column="solutioncomponentid",
        name_column="solutioncomponentid",
        columns=(
            Column("solutioncomponentid", Kind.ID),
            Column("componenttype", Kind.INTEGER, writable=False),
            Column("objectid", Kind.ID, writable=False),
            Column("rootcomponentbehavior", Kind.INTEGER, writable=False),
            Column("solutionid", Kind.LOOKUP, targets=(SOLUTION,), navigation={SOLUTION: "solutionid"}, writable=False),
            *_DATES,
        ),
    ),
)


class Rules:
    """The rules that most tables do without."""

    def before_create(self, _: Writer, _values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Nothing to check."""
        return None

    def before_update(self, _: Row, _values: dict[str, Scalar]) -> None:
        """Nothing to check."""

    def before_delete(self, _: Writer, _row: Row) -> None:
        """Nothing to check."""

    def merged(self, _: Writer, _model: TableModel, _kept: Row, _subordinate: Row) -> None:
        """Not merged."""

    def settle(self, _: Transaction, _events: list[RowEvent]) -> None:
        """Nothing follows."""


class PublisherRules(Rules):
    """A publisher has a prefix and a range for options, which are checked; its unique name is there once."""

    def before_create(self, writer: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Check a new publisher.

        Raises:
            ApiError: 400 for a prefix or a range that there cannot be, 412 for a name that is taken.
        """
        _check_publisher(values)
        _check_free(writer, PUBLISHER, values)
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change.

        Raises:
            ApiError: 400 for a prefix or a range that there cannot be.
        """
        _check_publisher({**old.values, **values})


@dataclass(slots=True)
class SolutionRules(Rules):
    """A solution has a plain name and a version; with it goes what was in it, as a list: the components stay.

    Attributes:
        emptied: called with the id of a solution that is deleted.
    """

    emptied: Callable[[Transaction, str], None]

    def before_create(self, writer: Writer, values: dict[str, Scalar], _targets: dict[str, str]) -> Row | None:
        """Check a new solution.

        Raises:
            ApiError: 400 for a name or a version that there cannot be, 412 for a name that is taken.
        """
        _check_solution(values)
        _check_free(writer, SOLUTION, values)
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change.

        Raises:
            ApiError: 400 for another name, and for a version that there cannot be.
        """
        if values.get("uniquename", old.values.get("uniquename")) != old.values.get("uniquename"):
            raise invalid("The unique name of a solution cannot be changed.")
        _check_solution({**old.values, **values})

    def before_delete(self, writer: Writer, row: Row) -> None:
        """Empty the solution.

        Raises:
            ApiError: 400 for the default solution.
        """
        if row.id == DEFAULT_SOLUTION_ID:
            raise invalid("The default solution cannot be deleted.")
        self.emptied(writer.transaction, row.id)


def _check_publisher(values: dict[str, Scalar]) -> None:
    prefix, number = values.get("customizationprefix"), values.get("customizationoptionvalueprefix")
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
        raise invalid(
            "Customization prefix name is not valid: 2 to 8 letters and digits, beginning with a letter, not mscrm."
        )
    if not isinstance(number, int) or number not in _OPTION_PREFIXES:
        raise invalid("The option value prefix of a publisher must be between 10000 and 99999.")


def _check_solution(values: dict[str, Scalar]) -> None:
    name, version = values.get("uniquename"), values.get("version")
    if not isinstance(name, str) or not _UNIQUE_NAME.fullmatch(name):
        raise invalid(
            "The unique name of a solution has only letters, digits and underscores, and begins with no digit."
        )
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise invalid("The version of a solution has two to four numbers with full stops between them.")


def _check_free(writer: Writer, table: str, values: dict[str, Scalar]) -> None:
    name = str(values.get("uniquename")).lower()
    if any(str(row.values.get("uniquename")).lower() == name for row in writer.store.tables[table].rows.values()):
        raise duplicate_id()

"""A request about a table."""

from dataclasses import dataclass

from sandbox.dataverse.calls import Call
from sandbox.dataverse.model import TableModel
from sandbox.dataverse.unit import UnitOfWork
from sandbox.dataverse.users import Caller


@dataclass(frozen=True, slots=True)
class TableRequest:
    """A request, once it is known which table it is about and who makes it.

    Attributes:
        call: the request.
        model: the table.
        parameters: its query options.
        caller: who makes it.
        unit: the unit of work of the change set that it belongs to, if any.
    """

    call: Call
    model: TableModel
    parameters: dict[str, str]
    caller: Caller
    unit: UnitOfWork | None

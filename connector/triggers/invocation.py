"""The invocation that log records belong to.

Azure ignores a log record that names no running invocation. The engine names the one that its context variable holds,
but sets that variable for functions without `async` only; for `async` functions it knows the invocation in the task of
the function and nowhere else. So each of our functions sets the variable first, and `connector.threads` carries it into
every thread.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.functions import Context

#: The engine. It is loaded before any function runs; in tests without one, nothing asks for the invocation.
ENGINE = "azure_functions_runtime"


def enter_invocation(context: "Context") -> None:
    """Let all records that are logged from here, in this task and its threads, belong to this invocation."""
    variable = getattr(sys.modules.get(ENGINE), "invocation_id_cv", None)
    if variable is not None:  # engines without it take the latest invocation for every record
        variable.set(context.invocation_id)

"""All operations, by slug. Each module of this package that has operations lists them in `OPERATIONS`."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from connector import operations
from connector.operations.operation import JobOperation


def _found() -> Iterator[JobOperation[Any]]:
    for module in pkgutil.iter_modules(operations.__path__, f"{operations.__name__}."):
        if module.name != __name__:
            yield from getattr(import_module(module.name), "OPERATIONS", ())


OPERATIONS: Final = {operation.slug: operation for operation in _found()}


def operation_of(slug: str) -> JobOperation[Any]:
    """The operation of a subscription.

    Raises:
        KeyError: when no operation has this slug.
    """
    return OPERATIONS[slug]

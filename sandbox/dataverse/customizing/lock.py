"""One customisation at a time: another one that begins meanwhile is refused, also when somebody else runs it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sandbox.dataverse.clock import Clock
from sandbox.dataverse.customizing.refusals import locked

_PUBLISH: Final = re.compile(r"Publish(All)?Xml")
_IMPORT: Final = re.compile(r"ImportSolution(Async)?")
_EXPORT: Final = re.compile(r"ExportSolution(Async)?")
_CUSTOMIZING: Final = re.compile(
    r"(EntityDefinitions|RelationshipDefinitions|GlobalOptionSetDefinitions|savedqueries|systemforms)\b.*"
    r"|Create(Entities|CustomerRelationships|PolymorphicLookupAttribute)|ReactivateEntityKey"
    r"|(Insert|Update|Delete)OptionValue|InsertStatusValue|UpdateStateValue|OrderOption"
)


def operation_of(method: str, path: str) -> str:
    """The customisation that a request is, as messages of the lock name it; empty when it is none."""
    if method == "GET":
        return ""
    if match := _PUBLISH.fullmatch(path):
        return "PublishAll" if match[1] else "Publish"
    if _IMPORT.fullmatch(path):
        return "Import"
    if _EXPORT.fullmatch(path):
        return "Export"
    return "EntityCustomization" if _CUSTOMIZING.fullmatch(path) else ""


class CustomizationLock:
    """The lock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running = ""
        self._foreign = ""
        self._foreign_until = 0.0

    def begin_foreign(self, operation: str, seconds: float) -> None:
        """Let somebody else customise for so long, on the clock of the stand-in."""
        self._foreign, self._foreign_until = operation, self._clock.timestamp() + seconds

    @contextmanager
    def during(self, operation: str) -> Iterator[None]:
        """Hold the lock for one request; no operation needs none.

        Raises:
            ApiError: 429 `0x80071151` while another request holds it.
        """
        if not operation:
            yield
            return
        if self._running:
            raise locked(operation, self._running)
        self._running = operation
        try:
            yield
        finally:
            self._running = ""

    def check(self, operation: str) -> None:
        """Refuse while somebody else customises.

        Raises:
            ApiError: 429 `0x80071151`.
        """
        if operation and self._foreign and self._clock.timestamp() < self._foreign_until:
            raise locked(operation, self._foreign)

    def clear(self) -> None:
        """Nobody customises."""
        self._foreign, self._foreign_until = "", 0.0

"""Everything that can change about an object and what it holds, as it is now, to be put back later.

A stand-in in this process is set up once and put back for every test, which costs a hundredth of setting it up again.
What is put back are the contents of the very same objects, so that whoever holds one of them sees what was.
"""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any, Final

from sandbox.dataverse.options import forget_options
from sandbox.dataverse.store import Row

#: Whose objects are looked into; all else, such as locks and threads, stays as it is.
_OURS: Final = ("sandbox.", "connector.")
#: They never change, and hold nothing that does.
_FIXED: Final = (str, int, float, bytes, bool, type, type(None), Row)


class Memento:
    """What an object and all that can be reached from it were when this was made."""

    def __init__(self, root: object) -> None:
        self._put_back: list[Callable[[], None]] = []
        seen: dict[int, object] = {}
        waiting = [root]
        while waiting:
            found = waiting.pop()
            if isinstance(found, _FIXED) or id(found) in seen:
                continue
            seen[id(found)] = found
            waiting.extend(self._keep(found))

    def put_back(self) -> None:
        """Have everything be as it was."""
        for each in self._put_back:
            each()
        forget_options()

    def _keep(self, found: Any) -> Iterator[object]:
        """Keep what an object holds, and give it."""
        match found:
            case dict():
                self._put_back.append(partial(_refill, found, found.copy()))
                yield from chain(found.keys(), found.values())
            case list() | set() | deque():
                self._put_back.append(partial(_refill, found, found.copy()))
                yield from found
            case tuple() | frozenset():
                yield from found
            case FunctionType():
                yield from (cell.cell_contents for cell in found.__closure__ or ())
            case MethodType() | BuiltinMethodType():
                yield found.__self__
            case partial():
                yield from (found.func, found.args, found.keywords)
            case _ if type(found).__module__.startswith(_OURS):
                yield from self._attributes(found)

    def _attributes(self, found: object) -> Iterator[object]:
        if hasattr(found, "__dict__"):
            yield vars(found)
        values = {name: getattr(found, name) for name in _slots(type(found)) if hasattr(found, name)}
        if values and not _is_frozen(found):
            self._put_back.append(partial(_set, found, values))
        yield from values.values()


def _refill(container: Any, content: Any) -> None:
    container.clear()
    (container.update if isinstance(container, dict | set) else container.extend)(content)


def _set(found: object, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(found, name, value)


def _slots(kind: type) -> Iterator[str]:
    for each in kind.__mro__:
        names = vars(each).get("__slots__", ())
        yield from (names,) if isinstance(names, str) else names


def _is_frozen(found: object) -> bool:
    """Whether it is a dataclass whose attributes cannot be set."""
    options = getattr(found, "__dataclass_params__", None)
    return options is not None and options.frozen

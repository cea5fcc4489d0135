"""Many rows in several calls at the same time."""

from collections.abc import Callable, Sequence
from itertools import batched
from typing import Final

from connector.services import Services

#: Rows in one call: what one bulk call or batch of the client holds.
SLICE: Final = 100


def in_slices[T, R](services: Services, items: Sequence[T], call: Callable[[Sequence[T]], R]) -> list[R]:
    """What the call returns for each slice, in order. Not to be called from a thread of the pool.

    Raises:
        Exception: of the first slice that failed, when all others are over too.
    """
    slices = list(batched(items, SLICE, strict=False))
    if len(slices) == 1:
        return [call(slices[0])]
    futures = [services.side_pool.submit(call, each) for each in slices]
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        raise errors[0]
    return [future.result() for future in futures]

"""Calls that cannot be batched: one for each record, a few at the same time."""

from collections.abc import Callable, Mapping
from concurrent.futures import wait

from connector.dataverse.records import RecordRef
from connector.services import Services


def one_by_one[T](
    services: Services, check_time: Callable[[], None], calls: Mapping[RecordRef, Callable[[], T]]
) -> dict[RecordRef, T | Exception]:
    """Make a call for each record; an error is the result of its record and no other.

    Args:
        services: the threads.
        check_time: raises when no further call may be begun.
        calls: by record.
    """

    def result(call: Callable[[], T]) -> T | Exception:
        try:
            check_time()
            return call()
        except Exception as error:  # noqa: BLE001 - the family of the error decides what happens next
            return error

    if len(calls) == 1:  # the caller may be a thread of the pool, which must not wait for another
        return {ref: result(call) for ref, call in calls.items()}
    asked = {ref: services.pool.submit(result, call) for ref, call in calls.items()}
    wait(asked.values())
    return {ref: future.result() for ref, future in asked.items()}

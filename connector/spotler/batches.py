"""Writing contacts in blocks, so that one bad contact never harms its neighbours.

Spotler takes 100 contacts at a time and answers with a code for each. Two things it may do are put right here: refuse a
whole block because of one contact (the block is halved until that one stands alone), and understand "update" as "only
those that exist" (those it does not know are written again as new, if new ones are wanted).
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import batched
from typing import Final

from connector.errors import Invalid, Refused
from connector.http import SYSTEM_CLOCK, Clock
from connector.spotler.calls import Calls, Route, list_of
from connector.spotler.errors import NotSpotler, named_field
from connector.spotler.models import ContactData, ContactResult
from connector.spotler.readers import read_contact_results

#: Contacts per call, the documented maximum.
BATCH: Final = 100
#: Seconds after which no block is halved any more: a slow Spotler that refuses every contact of a block would take
#: longer than the lock of its messages (300 s). What is left comes out as ERROR, so that it is tried again.
HALVING_SECONDS: Final = 60.0
#: Statuses without an error body that one contact of a block may have caused: others must not wait for it.
_PERHAPS_ONE: Final = (400, 413)
_WRITE: Final = Route("POST", "/contact/list")
_UNKNOWN: Final = "CONTACT_UNKNOWN"


def upsert(
    calls: Calls,
    contacts: Sequence[ContactData],
    *,
    insert: bool = True,
    update: bool = True,
    clock: Clock = SYSTEM_CLOCK,
) -> list[ContactResult]:
    """Write contacts, new and known ones; the results in the order of the contacts.

    Args:
        calls: to Spotler.
        contacts: what to write.
        insert: whether a contact that Spotler says it does not know is written as a new one.
        update: whether a contact that is there is changed.
        clock: time.

    Raises:
        Transient, Misconfigured: Spotler cannot take a block now. Earlier blocks are written; repeating does no harm.
    """
    until = clock.monotonic() + HALVING_SECONDS
    post = partial(_post, calls, in_time=lambda: clock.monotonic() < until)
    results: list[ContactResult] = []
    for block in batched(contacts, BATCH, strict=False):
        results += _upsert_block(post, block) if insert and update else post(block, update=update)
    return results


def _upsert_block(post: Callable[..., list[ContactResult]], block: Sequence[ContactData]) -> list[ContactResult]:
    results = post(block, update=True)
    new = [index for index, result in enumerate(results) if result.code == _UNKNOWN]
    if new:
        for index, result in zip(new, post([block[index] for index in new], update=False), strict=True):
            results[index] = result
    return results


def _post(
    calls: Calls, block: Sequence[ContactData], *, update: bool, in_time: Callable[[], bool]
) -> list[ContactResult]:
    body = {
        "update": update,
        "purge": False,
        "contacts": [{"externalId": each.external_id, "properties": dict(each.properties)} for each in block],
    }
    try:
        answer = calls.read(_WRITE, body=body)
    except (Refused, Invalid, NotSpotler) as error:
        if isinstance(error, NotSpotler) and error.status not in _PERHAPS_ONE:
            raise
        if len(block) == 1:
            return [
                ContactResult(block[0].external_id, "ERROR" if isinstance(error, NotSpotler) else error.result_code)
            ]
        middle = len(block) // 2
        results: list[ContactResult] = []
        for half in (block[:middle], block[middle:]):
            results += _post(calls, half, update=update, in_time=in_time) if in_time() else _not_tried(half)
        return results
    return _in_order(block, answer)


def _not_tried(block: Sequence[ContactData]) -> list[ContactResult]:
    return [ContactResult(contact.external_id, "ERROR") for contact in block]


def _in_order(block: Sequence[ContactData], answer: object) -> list[ContactResult]:
    """One result per contact. Ids decide, in case the answer is in another order; a contact without one is an ERROR."""
    found: defaultdict[str, deque[tuple[ContactResult, str | None]]] = defaultdict(deque)
    answers = read_contact_results(list_of(answer, "contacts"))
    positional = len(answers) == len(block) and not any(result.external_id for result, _ in answers)
    for index, (result, message) in enumerate(answers):
        key = block[index].external_id if positional else result.external_id
        found[key].append((result, message))
    return [_result(contact, found[contact.external_id]) for contact in block]


def _result(contact: ContactData, found: deque[tuple[ContactResult, str | None]]) -> ContactResult:
    if not found:
        return ContactResult(contact.external_id, "ERROR")
    result, message = found.popleft()
    return replace(
        result,
        external_id=contact.external_id,
        field=None if result.ok else named_field(message, contact.properties),
    )

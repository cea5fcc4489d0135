"""Add To Audience and Remove From Audience: membership of single contacts, where there are no Marketing Lists."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from connector.dataverse.api import UnknownName, filters
from connector.dataverse.choices import Operation as Choice
from connector.dataverse.names import MarketingList
from connector.errors import Invalid, Refused
from connector.operations.attempt import Attempt
from connector.operations.operation import Accepts, Batch, Needs
from connector.spotler import ContactUnknown, MembershipResult, clean_text, name_key

#: The longest name and id of an audience that Spotler takes.
NAME_LENGTH: Final = 255
#: Tells the audiences of these jobs from those of Marketing Lists, whose id is the id of the list.
ID_PREFIX: Final = "d365-"
#: Names in one query: Dataverse takes a few hundred conditions, and a batch seldom has more than a few audiences.
NAMES_PER_QUERY: Final = 50
#: Spotler's code for an audience that does not exist.
MISSING: Final = "RESOURCE_NOT_FOUND"


class ChangeAudience:
    """All contacts of a batch that go into, or out of, one audience share a call."""

    needs = Needs.RECORD
    repeatable = True
    syncs_first = True

    def __init__(self, choice: Choice, done: str, post: str, *, adds: bool) -> None:
        self.slug = choice.slug
        self.accepts = Accepts.FIT if adds else Accepts.UNFIT
        self._done = done
        self._post = post
        self._adds = adds

    def check(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """There is a name, and no Marketing List owns the audience: its next refresh would undo the job."""
        batch.examine(attempts, lambda attempt: audience_of(attempt.job.audience))
        open_ = [attempt for attempt in attempts if attempt.is_open]
        owned = _owned_by_lists([attempt.job.audience for attempt in open_], batch)
        for attempt in open_:
            if name_key(audience_of(attempt.job.audience)) in owned:
                attempt.fail(Invalid("A Marketing List keeps this audience; change the members of the list instead."))

    def perform(self, attempts: Sequence[Attempt], batch: Batch) -> None:
        """One call per audience for up to 2,500 contacts."""
        by_audience = defaultdict(list)
        for attempt in attempts:
            by_audience[name_key(audience_of(attempt.job.audience))].append(attempt)
        for members in by_audience.values():
            try:
                batch.check_time()
                self._change(audience_of(members[0].job.audience), members, batch)
            except Exception as error:  # noqa: BLE001 - one audience does not harm another
                for attempt in members:
                    if attempt.is_open:
                        attempt.fail(error)

    def _change(self, name: str, attempts: Sequence[Attempt], batch: Batch) -> None:
        members = {attempt.known_record.ref.id: attempt for attempt in attempts}
        result = self._call(name, list(members), batch)
        lost = [members[external_id] for external_id in result.unknown]
        if lost:
            # We sent these contacts, but Spotler has lost them: send them again and repeat once.
            back = [attempt.known_record.ref.id for attempt in batch.send(lost)]
            again = self._call(name, back, batch) if back else MembershipResult(())
            for external_id in again.unknown:
                members[external_id].fail(ContactUnknown())
        for attempt in attempts:
            if attempt.is_open:
                attempt.finish(self._done, post=f"{self._post}: {name}")

    def _call(self, name: str, external_ids: list[str], batch: Batch) -> MembershipResult:
        audiences, audience = batch.services.spotler.audiences, audience_id(name)
        call: Callable[[str, Sequence[str]], MembershipResult] = (
            audiences.add_members if self._adds else audiences.remove_members
        )
        try:
            return call(audience, external_ids)
        except Refused as refusal:
            if refusal.result_code != MISSING or not self._adds:
                raise
        audiences.create(audience, name)
        return call(audience, external_ids)


def audience_of(name: str) -> str:
    """The name of a job's audience in one form (`clean_text`), without needless blanks.

    Raises:
        Invalid: when it is blank or too long.
    """
    name = _one_form(name)
    if not name:
        raise Invalid("The job has no audience; fill the column Audience with its name.")
    if len(name) > NAME_LENGTH:
        raise Invalid(f"The name of the audience is longer than {NAME_LENGTH} characters.")
    return name


def audience_id(name: str) -> str:
    """The id of an audience in Spotler: the same for names that differ only in case or blanks."""
    return ID_PREFIX + hashlib.sha256(name_key(name).encode()).hexdigest()[:32]


def _owned_by_lists(names: Iterable[str], batch: Batch) -> set[str]:
    """Which of these audiences a Marketing List keeps. Without Marketing Lists (Power Apps) there is none.

    A list is asked for in every spelling in which its name may stand: as the job has it, and without needless blanks.
    """
    owned: set[str] = set()
    wanted = sorted({spelling for name in names for spelling in (name, name.strip(), audience_of(name))})
    for start in range(0, len(wanted), NAMES_PER_QUERY):
        part = wanted[start : start + NAMES_PER_QUERY]
        condition = filters.and_(
            filters.eq(MarketingList.SYNCED, value=True),
            filters.or_(*(filters.eq(MarketingList.NAME, name) for name in part)),
        )
        try:
            rows = batch.services.dataverse.query(MarketingList.SET, select=(MarketingList.NAME,), filter=condition)
        except UnknownName:
            return set()
        owned |= {name_key(_one_form(str(row[MarketingList.NAME]))) for row in rows}
    return owned


def _one_form(name: str) -> str:
    return clean_text(" ".join(name.split()))


ADD_TO_AUDIENCE: Final = ChangeAudience(
    Choice.ADD_TO_AUDIENCE, "The contact is in the audience.", "Spotler audience joined", adds=True
)
REMOVE_FROM_AUDIENCE: Final = ChangeAudience(
    Choice.REMOVE_FROM_AUDIENCE, "The contact is not in the audience.", "Spotler audience left", adds=False
)

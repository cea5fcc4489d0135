"""What there is before the works about Marketing Lists: an audience that is in step, and what people changed since."""

from typing import Final

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Flags, Job, ListMember, MarketingList, lookup_value
from connector.dataverse.records import RecordRef
from connector.errors import Transient
from connector.pulls.lists import refresh_lists
from connector.services import Services
from connector.sync.automatic.failed_jobs import write_failed_jobs
from connector.sync.lists.orders import order
from connector.sync.lists.reading import LIST_COLUMNS, ListRow
from connector.sync.lists.run import Phase
from connector.sync.lists.steps import ListSync
from connector.sync.lists.values import LISTS
from tests.faults.kill_points.cast import NOT_VALID
from tests.faults.matrix.actors import MatrixCast
from tests.faults.matrix.app import App
from tests.faults.matrix.day import Timer
from tests.faults.matrix.stage import Stage, membership

_MEMBER: Final = lookup_value(ListMember.MEMBER)
#: Pages, blocks and steps are so small that there are several of each.
SMALL: App = App(settings={"list_page": 2, "list_block": 2, "list_step": 3})


def ordered_first(cast: MatrixCast) -> None:
    """A list is to be synced for the first time."""
    _ordered(cast, Operation.SYNC_MARKETING_LIST, members=3)


def listed(cast: MatrixCast) -> None:
    """A list with three members, and no job."""
    _listed(cast, members=3)


def ordered_once(cast: MatrixCast) -> None:
    """The audience of a list is to be removed."""
    _ordered(cast, Operation.REMOVE_MARKETING_LIST)


def ordered_again(cast: MatrixCast) -> None:
    """A list is to be synced; three who will come are not on it yet."""
    _ordered(cast, Operation.SYNC_MARKETING_LIST)
    table = next(iter(cast.people.values())).table
    for _ in range(3):
        cast.stranger(table)


def synced(stage: Stage) -> None:
    """The list was synced before."""
    (row,) = stage.services.dataverse.query(MarketingList.SET, select=LIST_COLUMNS)
    marketing_list = ListRow.from_row(row)
    sync = ListSync(stage.services, marketing_list, marketing_list.name, lambda: None)
    while sync.step("an earlier job").phase is not Phase.OVER:
        pass


def deleted(stage: Stage) -> None:
    """Somebody has deleted the list since then, and its audience could not be removed at once."""
    synced(stage)
    (row,) = stage.services.dataverse.query(MarketingList.SET, select=(MarketingList.ID,))
    gone = RecordRef(MarketingList.TABLE, str(row[MarketingList.ID]))
    stage.delete(gone)
    assert write_failed_jobs(stage.services, {gone: Transient("Spotler could not be reached.")}, {gone}) == {}


def each_night(cast: MatrixCast) -> Timer:
    """The refresh of the lists, night after night until nothing of the deleted list is left."""

    def night(services: Services) -> None:
        refresh_lists(services)
        failed = [row for row in cast.systems.rows(Job.TABLE) if row[Job.STATUS] == JobStatus.FAILED]
        if failed or cast.systems.spotler()["audiences"] or list(cast.systems.state.names(LISTS)):
            raise Transient("Something of the list is left.")

    return night


def changed(stage: Stage) -> None:
    """Since then three have come, three have left, and one refuses mail."""
    synced(stage)
    first, _, *left = (each for each in stage.cast.people.values() if each.id in _members(stage))
    come = [each for each in stage.cast.people.values() if each.id not in _members(stage)]
    (row,) = stage.services.dataverse.query(MarketingList.SET, select=(MarketingList.ID,))
    for record in come:
        stage.join(str(row[MarketingList.ID]), record)
    for record in left[:3]:
        stage.leave(record)
    stage.edit(first, **{Flags.DO_NOT_EMAIL: True})
    stage.cast.without_mail.add(first.id)


def come_back(cast: MatrixCast) -> Timer:
    """Once the list is synced, all who left it come back, and the list is synced; later it is synced once more.

    The second sync comes after calls of the first one whose effect was late, and both come after its lease.
    """
    left = [2]

    def step(services: Services) -> None:
        if any(row[Job.STATE] == 0 for row in cast.systems.rows(Job.TABLE)):
            raise Transient("A sync of the list is not over.")
        (row,) = cast.systems.rows(MarketingList.TABLE)
        there = {str(each[_MEMBER]) for each in cast.systems.rows(ListMember.TABLE)}
        for person in cast.people.values():
            if person.id not in there:
                cast.systems.by_person("POST", ListMember.SET, membership(str(row[MarketingList.ID]), person))
        order(services, Operation.SYNC_MARKETING_LIST, [str(row[MarketingList.ID])], unless=())
        left[0] -= 1
        if left[0]:
            raise Transient("The list is to be synced once more.")

    return step


def _members(stage: Stage) -> set[str]:
    return {str(row[_MEMBER]) for row in stage.services.dataverse.query(ListMember.SET, select=(_MEMBER,))}


def _listed(cast: MatrixCast, members: int) -> str:
    first: RecordRef = cast.known()
    return cast.marketing_list(first, *(cast.stranger(first.table) for _ in range(members - 1)))


def _ordered(cast: MatrixCast, operation: Operation, members: int = 6) -> None:
    row = _listed(cast, members)
    cast.job("a list", operation, row={f"{Job.LIST_NAVIGATION}@odata.bind": f"/{MarketingList.SET}({row})"})
    cast.job("no list", operation, ends=NOT_VALID)

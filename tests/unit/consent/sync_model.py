"""A small model of both systems and of the sync between them: one person, one permission, and the real rules.

What Dataverse and Spotler do is modelled here. What the connector decides is decided by `connector.consent`. Times are
whole minutes; only their order means something, so that states which differ in nothing else are one state.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from connector.consent import (
    ConsentSource,
    Facts,
    KnownState,
    Latest,
    PermissionRow,
    Presence,
    Reason,
    ShownContact,
    SpotlerReport,
    State,
    decide,
    known_after,
    report,
)
from connector.consent.edits import edits_of
from connector.dataverse.records import RecordRef
from connector.spotler import Option

RECORD = RecordRef("contact", "1")
BIT = 1
NAMES = ("Newsletter", "News")
START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=1)


class Event(StrEnum):
    """What happens."""

    OPT_IN_DATAVERSE = "a person ticks the row"
    OPT_OUT_DATAVERSE = "a person clears the row"
    OPT_IN_SPOTLER = "the person opts in, in Spotler"
    OPT_OUT_SPOTLER = "the person opts out, in Spotler"
    REFUSE_BULK = "Do Not Bulk Email is set"
    NEW_ADDRESS = "the address changes"
    RENAME = "the permission is renamed in Spotler"
    READ = "a worker reads the contact and is slow"
    REPLAY = "the slow worker goes on with what it has read"
    MERGE = "the record is merged into another one"
    ANONYMIZE = "a job anonymises the contact"
    LIFT = "Keep Out, Do Not Bulk Email and the merge are lifted"


@dataclass(frozen=True, slots=True)
class World:
    """Both systems, and what the connector remembers.

    Attributes:
        row: of Spotler Permission.
        row_by: whether the connector wrote it last.
        bulk, merged, keep_out: of the record.
        bulk_seen: whether the connector has acted on the flag; from then on it is a refusal.
        there: whether Spotler has the contact, with its data.
        on: the permission in Spotler.
        changed: when the contact was last changed in Spotler.
        name: the name of the permission in Spotler, as an index of NAMES.
        known: what the connector knows of the permission in Spotler.
        history: the newest entry by name.
        picture: what the slow worker has read.
        noted: the state of the row that the history explains, as it is remembered; None for none.
        said_yes, said_no: when the person, or somebody for them, last agreed, and last refused; the truth.
        now: the present.
    """

    row: PermissionRow
    row_by: bool
    on: bool
    changed: datetime
    known: KnownState | None
    said_yes: datetime | None
    said_no: datetime
    now: datetime
    history: tuple[tuple[str, Latest], ...] = ()
    bulk: bool = False
    bulk_seen: bool = False
    merged: bool = False
    keep_out: bool = False
    there: bool = True
    name: int = 0
    picture: ShownContact | None = None
    noted: tuple[bool, datetime | None] | None = None

    @property
    def mailed(self) -> bool:
        return self.there and self.on

    @property
    def items(self) -> tuple[Option, ...]:
        return (Option(BIT, NAMES[self.name]),)


def start(*, on: bool) -> World:
    """Both systems agree."""
    at, now = START, START + 2 * STEP
    row = PermissionRow("row", NAMES[0], BIT, on, True, ConsentSource.PERSON, at, at, at)
    entry = (NAMES[0].casefold(), Latest(on, at))
    return World(row, True, on, now, KnownState(on, now), at if on else None, START - STEP if on else at, now, (entry,))


def tick(world: World) -> World:
    return replace(world, now=world.now + STEP)


def happen(world: World, event: Event) -> World | None:
    """What an event makes of the world; None where it cannot happen."""
    can, effect = EVENTS[event]
    world = tick(world)
    return effect(world) if can(world) else None


def edited(world: World, *, subscribed: bool) -> World:
    """A person writes the row."""
    return replace(world, row=replace(world.row, subscribed=subscribed, modified_on=world.now), row_by=False)


def gone(world: World) -> World:
    """The contact is anonymised, after it was read once more: what it says of consent is lost otherwise."""
    return replace(heard(world, shown(world)), there=False, on=False, known=None, noted=None) if world.there else world


def shown(world: World) -> ShownContact:
    return ShownContact({BIT: world.on}, world.now, world.changed)


def row_of(world: World) -> PermissionRow:
    """The row as `connector.sync.permissions.row` reads it."""
    row, changed, modified = world.row, world.row.changed_on, world.row.modified_on
    if changed is None or not row.refuses or modified <= changed or world.row_by:
        return replace(row, at=changed or modified)
    return replace(row, at=modified)


def facts(world: World, spotler: SpotlerReport) -> Facts:
    state = State.MERGED if world.merged else State.ACTIVE
    return Facts(
        state=state, do_not_bulk_email=world.bulk, keep_out=world.keep_out, rows=(row_of(world),), spotler=spotler
    )


def state_of(row: PermissionRow) -> tuple[bool, datetime | None]:
    """What is remembered of a row that the history explains, as `Record.noted` does."""
    return not row.refuses, None if row.refuses else row.at


def noted(world: World) -> World:
    """What people did to the row is noted, as `PermissionRows.ensure` does: only where the row is not as remembered."""
    return world if world.noted == state_of(row_of(world)) else compared(world)


def compared(world: World) -> World:
    """The row is compared with the history."""
    found = edits_of(RECORD, [row_of(world)], dict(world.history), world.now)
    for change in found.changes:
        world = entered(world, change.permission, on=change.after, at=change.at, by_person=True)
    if found.unfinished:
        world = replace(world, row=replace(world.row, subscribed=False), row_by=True)
    if found.edited:
        (row,) = found.rows
        world = replace(world, row=replace(row, changed_on=row.at, modified_on=world.now), row_by=True)
    return replace(world, noted=state_of(found.rows[0])) if found.is_explained else world


def entered(world: World, name: str, *, on: bool, at: datetime, by_person: bool = False) -> World:
    entries = dict(world.history)
    before = entries.get(name.casefold())
    if before is None or (at, not on) >= (before.at, not before.on):
        entries[name.casefold()] = Latest(on, at, by_person)
    return replace(world, history=tuple(sorted(entries.items())))


def switched(world: World, *, on: bool, at: datetime) -> World:
    """The row is switched by the connector, as `permission_switch` does."""
    if world.noted == state_of(row_of(world)):
        world = replace(world, noted=(on, at if on else None))
    world = entered(world, world.row.name, on=on, at=at)
    return replace(world, row=replace(world.row, subscribed=on, changed_on=at, modified_on=world.now), row_by=True)


def acted_on(world: World) -> World:
    """The flag is a refusal once the connector acts on it; one that is taken back before that has no effect."""
    return replace(world, said_no=world.now, bulk_seen=True) if world.bulk and not world.bulk_seen else world


def followed(world: World, spotler: SpotlerReport) -> World:
    """The row follows the decision, as `PermissionRows.apply` does."""
    decision = decide(facts(world, spotler))
    if (why := decision.withdrawals.get(world.row.id)) is not None:
        times = [each.at for each in spotler.permissions if each.at]
        at = max(times, default=world.now) if why is Reason.OPTED_OUT_IN_SPOTLER else world.now
        world = acted_on(world)
        return switched(world, on=False, at=at)
    (verdict,) = decision.permissions
    if verdict.on and verdict.reason is Reason.ON_IN_SPOTLER and world.row.refuses:
        (opt_in,) = spotler.permissions
        return switched(world, on=True, at=opt_in.at)
    return world


def heard(world: World, picture: ShownContact) -> World:
    """The connector has read the contact: by the feed, or before it sends."""
    known = {BIT: world.known} if world.known else {}
    if not world.there:
        return world
    world = noted(world)
    claimed = {BIT} if world.row.subscribed else set()
    said = report(picture, world.items, known, claimed=claimed)
    world = followed(world, said)
    return replace(world, known=known_after(picture, known)[BIT])


def feed(world: World) -> World:
    """The pulls: names of rows follow, then the contact is read."""
    world = tick(world)
    if world.row.name != NAMES[world.name]:
        world = compared(world)
        row = row_of(world)
        world = entered(world, NAMES[world.name], on=not row.refuses, at=row.at)
        world = replace(world, row=replace(row, name=NAMES[world.name], changed_on=row.at, modified_on=world.now))
        world = replace(world, row_by=True)
    return heard(world, shown(world)) if world.there else world


def outward(world: World) -> World:
    """A sync of the record."""
    world = acted_on(noted(tick(world)))
    presence = Presence.KNOWN if world.there else Presence.GONE
    decision = decide(facts(world, SpotlerReport(presence)))
    world = followed(world, SpotlerReport(presence))
    if decision.fate == "removed":
        return gone(world)
    wanted = decide(facts(world, SpotlerReport(presence))).by_bit(world.items).bits.get(BIT)
    if not world.there:  # a new contact, without any permission that is not sent
        return replace(world, there=True, on=bool(wanted), changed=world.now, known=KnownState(bool(wanted), world.now))
    if wanted and not (world.known and world.known.on):  # Spotler is asked before anything is switched on
        world = heard(world, shown(world))
        wanted = decide(facts(world, SpotlerReport(presence))).by_bit(world.items).bits.get(BIT)
    if wanted is None or (world.known is not None and world.known.on is wanted and decision.all_off is None):
        return world
    changed = world.now if world.on is not wanted else world.changed
    return replace(world, on=wanted, changed=changed, known=KnownState(wanted, world.now))


def settled(world: World) -> World:
    """The connector has caught up."""
    for step in (outward, feed, outward, feed, outward):
        world = step(world)
    return world


def canonical(world: World) -> World:
    """The same world with times that say nothing but their order."""
    moments = sorted({*times(world)})
    order = {moment: START + index * STEP for index, moment in enumerate(moments)}

    def at(moment):
        return None if moment is None else order[moment]

    row, known, picture = world.row, world.known, world.picture
    return replace(
        world,
        row=replace(row, at=at(row.at), changed_on=at(row.changed_on), modified_on=at(row.modified_on)),
        changed=at(world.changed),
        known=known and replace(known, at=at(known.at), settled=at(known.settled)),
        said_yes=at(world.said_yes),
        said_no=at(world.said_no),
        now=at(world.now),
        history=tuple((name, replace(each, at=at(each.at))) for name, each in world.history),
        picture=picture and replace(picture, seen_on=at(picture.seen_on), changed_on=at(picture.changed_on)),
        noted=world.noted and (world.noted[0], at(world.noted[1])),
    )


def times(world: World):
    row, known, picture = world.row, world.known, world.picture
    found = [row.at, row.changed_on, row.modified_on, world.changed, world.said_yes, world.said_no, world.now]
    found += [known.at, known.settled] if known else []
    found += [picture.seen_on, picture.changed_on] if picture else []
    found += [each.at for _, each in world.history]
    found += [world.noted[1]] if world.noted else []
    return [each for each in found if each is not None]


def fingerprint(world: World) -> tuple:
    """What makes two worlds one."""
    row, picture = world.row, world.picture
    return (
        row.name, row.subscribed, row.at, row.changed_on, row.modified_on, world.row_by, world.on, world.changed,
        world.known, world.said_yes, world.said_no, world.now, world.history,
        world.bulk, world.bulk_seen, world.merged, world.keep_out,
        world.there, world.name, picture and (picture.states[BIT], picture.seen_on, picture.changed_on),
        world.noted,
    )  # fmt: skip


#: When each event can happen, and what it does.
EVENTS = {
    Event.OPT_IN_DATAVERSE: (
        lambda world: not world.row.subscribed,
        lambda world: edited(replace(world, said_yes=world.now), subscribed=True),
    ),
    Event.OPT_OUT_DATAVERSE: (
        lambda world: world.row.subscribed,
        lambda world: edited(replace(world, said_no=world.now), subscribed=False),
    ),
    Event.OPT_IN_SPOTLER: (
        lambda world: world.there and not world.on,
        lambda world: replace(world, on=True, changed=world.now, said_yes=world.now),
    ),
    Event.OPT_OUT_SPOTLER: (
        lambda world: world.there and world.on,
        lambda world: replace(world, on=False, changed=world.now, said_no=world.now),
    ),
    Event.REFUSE_BULK: (lambda world: not world.bulk, lambda world: replace(world, bulk=True)),
    Event.NEW_ADDRESS: (lambda world: world.there, lambda world: replace(outward(world), changed=world.now)),
    Event.RENAME: (lambda world: world.name == 0, lambda world: replace(world, name=1)),
    Event.READ: (lambda world: world.there, lambda world: replace(world, picture=shown(world))),
    Event.REPLAY: (lambda world: world.picture, lambda world: replace(heard(world, world.picture), picture=None)),
    Event.MERGE: (lambda world: not world.merged, lambda world: replace(world, merged=True)),
    Event.ANONYMIZE: (lambda world: not world.keep_out, lambda world: gone(replace(world, keep_out=True))),
    Event.LIFT: (
        lambda world: world.keep_out or world.bulk or world.merged,
        lambda world: replace(world, keep_out=False, bulk=False, bulk_seen=False, merged=False),
    ),
}

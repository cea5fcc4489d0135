"""Works that go both ways: the feed of updates, new subscribers, a plan, an undo, and consent that is brought in.

Who there is, and what people did after the first sync. What then runs are timers and commands.
"""

from collections.abc import Callable
from datetime import timedelta

from connector.dataverse.names import Contact, Flags
from connector.dataverse.records import RecordRef
from connector.errors import Transient
from connector.services import Services
from connector.sync.permissions.imports import bring_in
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT, OFFERS_BIT
from tests.faults.matrix.actors import MatrixCast
from tests.faults.matrix.plans import RUN
from tests.faults.matrix.stage import Stage


def people(count: int) -> Callable[[MatrixCast], None]:
    """So many people of one table whose records are not in Spotler yet."""

    def write(cast: MatrixCast) -> None:
        table = cast.stranger().table
        while len(cast.people) < count:
            record = cast.stranger()
            if record.table != table:
                cast.leave_out(record)

    return write


# The feed of updates


def updated(stage: Stage) -> None:
    """Columns that changed on either side, and permissions that were switched on and off."""
    changed, both, opted_in, opted_out, left, complained, _ = stage.cast.people.values()
    stage.sync()
    stage.edit(both, telephone1="010 1")
    stage.profile(both, phoneNumber="010 2", city="Gouda")
    stage.profile(changed, phoneNumber="010 3", city="Delft", lastName="Other")
    stage.edit(changed, telephone1="010 4")
    stage.opt_in(opted_in, EVENTS_BIT)
    stage.event("unsubscribe", opted_out, permissions=[NEWSLETTER_BIT])
    stage.event("unsubscribe", left)
    stage.event("complaint", complained)
    stage.cast.without_newsletter |= {each.id for each in (opted_out, left, complained)}
    stage.cast.unknown_contact()
    stage.subscriber("shop@example.org", NEWSLETTER_BIT, externalId="shop-17")


def changed_on_both_sides(stage: Stage) -> None:
    """What a plan is made of; one record is not in Spotler yet."""
    changed, both, opted_in, opted_out, left, _, new = stage.cast.people.values()
    stage.sync(but=new)
    stage.edit(both, telephone1="010 1")
    stage.profile(both, phoneNumber="010 2", city="Gouda")
    stage.edit(changed, address1_city="Delft", emailaddress1=f"new.{changed.id}@example.org")
    stage.opt_in(opted_in, EVENTS_BIT)
    stage.event("unsubscribe", opted_out, permissions=[NEWSLETTER_BIT])
    stage.edit(left, **{Flags.DO_NOT_EMAIL: True})
    stage.cast.without_newsletter.add(opted_out.id)
    stage.cast.without_mail.add(left.id)


def out_of_step(stage: Stage) -> None:
    """What no message has told the connector, on either side; one contact is lost, and one belongs to nobody."""
    changed_on_both_sides(stage)
    *_, lost, _ = stage.cast.people.values()
    stage.lose(lost)
    stage.subscriber("shop@example.org", NEWSLETTER_BIT, externalId="shop-17")


# Undo


def overwritten(stage: Stage) -> None:
    """What changed in Spotler was read by the run that is undone."""
    updated(stage)
    stage.pull(RUN)


# New subscribers


def known_addresses(cast: MatrixCast) -> None:
    """Contacts whose people will subscribe, and one who does not want mail."""
    contacts = (each for each in iter(cast.stranger, None) if each.table == Contact.TABLE)
    agreed, refused, silent = (next(contacts) for _ in range(3))
    for record in [each for each in cast.people.values() if each not in (agreed, refused, silent)]:
        cast.leave_out(record)
    cast.change(refused, {Flags.DO_NOT_EMAIL: True})
    cast.without_mail.add(refused.id)


def subscribed(stage: Stage) -> None:
    """People who subscribe in Spotler, some of whom have a row already."""
    stage.finds_by_address()
    for number, record in enumerate(stage.cast.people.values()):
        stage.subscriber(f"{record.id}@example.org", NEWSLETTER_BIT, *((EVENTS_BIT,) if number == 0 else ()))
    stage.subscriber("new@example.org", NEWSLETTER_BIT, OFFERS_BIT)
    stage.subscriber("quiet@example.org")
    stage.subscriber("left@example.org", inactive="optOut")
    stage.subscriber("shop@example.org", NEWSLETTER_BIT, externalId="shop-17")


# Consent that is brought in


def consent_in(cast: MatrixCast) -> Callable[[Services], None]:
    """A sheet with consent is brought in, again where something failed."""
    agreed_on = cast.start - timedelta(days=1)

    def run(services: Services) -> None:
        first, second, third, fourth, _ = cast.people.values()
        wishes: dict[RecordRef, dict[int, bool]] = {
            first: {EVENTS_BIT: True, OFFERS_BIT: False},
            second: {EVENTS_BIT: True},
            third: {NEWSLETTER_BIT: False},
            fourth: {NEWSLETTER_BIT: True},
        }
        permissions = services.spotler.fields().get("permissions")
        assert permissions is not None
        counts = bring_in(services, wishes, permissions.options, agreed_on=agreed_on, evidence="Import: forms, box 7")
        if counts["failed"]:
            raise Transient

    return run


def some_refused(stage: Stage) -> None:
    """One of those who are in the sheet has refused since."""
    *_, fourth, _ = stage.cast.people.values()
    stage.sync()
    stage.refuse(fourth)

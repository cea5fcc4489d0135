"""Permissions that are kept in Marketing Lists: who came and who left since the lists were compared last, unnoticed."""

from typing import Final

from connector.dataverse.names import Consent, Contact, MarketingList, Permission
from connector.mapping import parse_mapping
from connector.sync.permissions.list_watch import sync_changed_members
from sandbox.spotler.seed import NEWSLETTER_BIT
from tests.faults.matrix.actors import NEWSLETTER, MatrixCast
from tests.faults.matrix.app import App
from tests.faults.matrix.stage import Stage

KEPT_IN_LISTS: Final = App(
    parse_mapping({
        "rows": [
            {"contact": "emailaddress1", "direction": "->", "spotler": "email"},
            {"contact": "lastname", "direction": "<->", "spotler": "lastName"},
            {"contact": "@map(list)", "direction": "<->", "spotler": "permissions"},
        ]
    })
)  # fmt: skip


def members(cast: MatrixCast) -> None:
    """Contacts who get the newsletter because they are on its list, and three who are not on it."""
    people = [cast.stranger(Contact.TABLE) for _ in range(7)]
    *on_it, _, _, _ = people
    cast.permission_rows.clear()
    cast.rows[Permission.TABLE].clear()
    agreed = {each.id for each in on_it}
    cast.rows[Consent.TABLE][:] = [row for row in cast.rows[Consent.TABLE] if row[Consent.RECORD] in agreed]
    row = cast.marketing_list(*on_it)
    next(each for each in cast.rows[MarketingList.TABLE] if each[MarketingList.ID] == row)[MarketingList.NAME] = (
        NEWSLETTER
    )


def came_and_left(stage: Stage) -> None:
    """Both sides agree and the list was compared; then members are copied and taken away. Others decide in Spotler."""
    stage.sync()
    sync_changed_members(stage.services)
    (row,) = stage.services.dataverse.query(MarketingList.SET, select=(MarketingList.ID,))
    _, left, left_too, opted_out, opted_in, came, came_too = stage.cast.people.values()
    for record in (left, left_too):
        stage.leave(record)
        stage.cast.without_newsletter.add(record.id)
    for record in (came, came_too):
        stage.join(str(row[MarketingList.ID]), record)
    stage.event("unsubscribe", opted_out, permissions=[NEWSLETTER_BIT])
    stage.cast.without_newsletter.add(opted_out.id)
    stage.opt_in(opted_in, NEWSLETTER_BIT)

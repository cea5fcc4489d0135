"""Rows of consent as the tests of the command read and make them."""

from datetime import timedelta

from connector.consent import Change
from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import Permission
from connector.sync.permissions.history import append

DAY = "2026-02-01"


def rows(world):
    return {row[Permission.NAME]: row[Permission.SUBSCRIBED] for row in world.rows(Permission.TABLE)}


def note(world, record, permission="Newsletter", *, on=True, evidence="Row 7", minutes=0):
    at = world.now + timedelta(minutes=minutes)
    append(world.services.dataverse, [Change(record, permission, None, on, at, ConsentCause.FORM, evidence)])

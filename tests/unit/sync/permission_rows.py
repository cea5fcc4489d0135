"""What rows of permissions and their history show."""

from connector.consent import PermissionReport, Presence, SpotlerReport
from connector.dataverse.choices import ConsentCause
from connector.dataverse.names import (
    Consent,
    Permission,
)
from sandbox.spotler.seed import EVENTS_BIT, NEWSLETTER_BIT, OFFERS_BIT

PERSON, FEED, CREATION = ConsentCause.PERSON, ConsentCause.FEED, ConsentCause.CREATION
FIRST, RULE = ConsentCause.FIRST_SYNC, ConsentCause.RULE
NAMES = {"Newsletter": NEWSLETTER_BIT, "Events": EVENTS_BIT, "Offers": OFFERS_BIT}


def rows(world, ref=None):
    return {
        row[Permission.NAME]: row[Permission.SUBSCRIBED]
        for row in world.rows(Permission.TABLE)
        if ref is None or row[f"_dh_{ref.table}id_value"] == ref.id
    }


def history(world):
    found = sorted(world.rows(Consent.TABLE), key=lambda row: (row[Consent.ON], not row[Consent.AFTER]))
    return [(row[Consent.PERMISSION], row[Consent.AFTER], row[Consent.SOURCE]) for row in found]


def report(*, on=(), off=(), at=None, seen=None, opted_out=False):
    said = [PermissionReport(name, NAMES[name], name in on, at, seen or at) for name in (*on, *off)]
    return SpotlerReport(Presence.KNOWN, tuple(said), opted_out, at if opted_out else None)


ABSENT = SpotlerReport(Presence.GONE)

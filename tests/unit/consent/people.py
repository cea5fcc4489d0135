"""Facts for tests of the decision: every value of every input, and the statements that a permission can have."""

from datetime import UTC, datetime
from itertools import product

from connector.consent import ConsentSource, Facts, PermissionReport, PermissionRow, Presence, SpotlerReport, State

EARLY, MIDDLE, LATE = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3))
TIMES = (None, EARLY, MIDDLE, LATE)
BOTH = (False, True)
NAME, BIT = "Newsletter", 1


def row(*, subscribed=True, is_active=True, source=ConsentSource.PERSON, at=MIDDLE, name=NAME, bit=BIT, key="one"):
    return PermissionRow(key, name, bit, subscribed, is_active, source, at)


#: What Spotler may have said of everything: nothing, or an opt-out at any time.
OPT_OUTS = ((False, None), *((True, at) for at in TIMES))
#: What Spotler may have said of the permission: nothing, or on or off at any time.
REPORTS = ((), *((PermissionReport(NAME, BIT, on, at),) for on, at in product(BOTH, TIMES)))
#: What a row may say.
ROWS = (
    (),
    *(
        (row(subscribed=subscribed, is_active=is_active, source=source, at=at, bit=bit),)
        for subscribed, is_active, source, at, bit in product(
            BOTH, BOTH, (None, ConsentSource.PERSON), TIMES, (None, BIT)
        )
    ),
)
#: The same permission once more, known by its name only, or by its bit under another name.
SECOND_ROWS = (
    (),
    (row(key="two", name=" NEWSLETTER ", bit=None),),
    (row(key="two", name=" NEWSLETTER ", bit=None, subscribed=False),),
    (row(key="two", name="News", is_active=False),),
)


def people(**limits):
    """Every combination of the facts about a person, but for the permissions.

    Args:
        limits: the values of a fact, where not all are wanted.
    """
    values = {
        "exists": BOTH,
        "state": State,
        "stays_when_deactivated": BOTH,
        "has_address": BOTH,
        "do_not_email": BOTH,
        "do_not_bulk_email": BOTH,
        "keep_out": BOTH,
        "is_excluded": BOTH,
        "presence": Presence,
        "opt_out": OPT_OUTS,
        "rows": ((),),
        "reports": ((),),
    } | limits
    for combination in product(*values.values()):
        given = dict(zip(values, combination, strict=True))
        opted_out, opted_out_at = given.pop("opt_out")
        spotler = SpotlerReport(given.pop("presence"), given.pop("reports"), opted_out, opted_out_at)
        yield Facts(**given, spotler=spotler)


#: What a person says of all permissions at once, and the least that makes it so.
PLAIN = {
    "exists": (True,),
    "state": (State.ACTIVE,),
    "stays_when_deactivated": (False,),
    "has_address": (True,),
    "do_not_email": (False,),
    "do_not_bulk_email": (False,),
    "keep_out": (False,),
    "is_excluded": (False,),
    "presence": (Presence.KNOWN,),
}

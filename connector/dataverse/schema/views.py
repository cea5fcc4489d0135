"""The views of the solution's tables, in English and Dutch.

Every table has a view `all`, which lists on forms begin with. The platform's own default view shows the active rows and
its associated view the rows of one record; these get our columns. The associated view shows inactive rows too: most
jobs of a record are over.
"""

from typing import Final

from connector.dataverse.choices import ContactStatus, InteractionType, JobStatus
from connector.dataverse.names import Automation, Consent, Info, Interaction, Job, Permission, Visitor
from connector.dataverse.schema.interface import Condition, View, ViewKind
from connector.dataverse.schema.labels import Text

_ACTIVE: Final = Condition("statecode", "eq", ("0",))
#: A job that has waited for so many hours is late: most are done within three.
_LATE_HOURS: Final = "3"

_JOBS: Final = (
    Job.NUMBER, Job.OPERATION, Job.CUSTOMER, Job.LEAD, Job.STATUS, Job.RESULT_CODE, "createdon", Job.COMPLETED_ON,
)  # fmt: skip
_FAILED: Final = (Job.NUMBER, Job.OPERATION, Job.CUSTOMER, Job.LEAD, Job.RESULT_CODE, Job.RESULT_MESSAGE, "createdon")
_INFOS: Final = (
    Info.NAME, Info.CONTACT, Info.LEAD, Info.ACCOUNT, Info.ACTIVE, Info.CONTACT_STATUS, Info.LAST_STATUS,
    Info.LAST_SYNC_ON,
)  # fmt: skip
_PERMISSIONS: Final = (
    Permission.NAME, Permission.SUBSCRIBED, Permission.CONTACT, Permission.LEAD, Permission.ACCOUNT,
    Permission.CHANGED_ON, Permission.CHANGED_BY,
)  # fmt: skip
_CONSENTS: Final = (
    Consent.ON, Consent.PERMISSION, Consent.BEFORE, Consent.AFTER, Consent.SOURCE, Consent.CONTACT, Consent.LEAD,
    Consent.ACCOUNT,
)  # fmt: skip
_AUTOMATIONS: Final = (Automation.NAME, Automation.KIND, Automation.TRIGGER_CODE, "modifiedon")
_INTERACTIONS: Final = (
    Interaction.ON, Interaction.TYPE, Interaction.NAME, Interaction.MAILING, Interaction.URL, Interaction.CONTACT,
    Interaction.LEAD, Interaction.ACCOUNT,
)  # fmt: skip
_VISITORS: Final = (
    Visitor.NAME, Visitor.RATING, Visitor.DOMAIN, Visitor.CITY, Visitor.LAST_VISIT, Visitor.VISITS, Visitor.ACCOUNT,
    "ownerid",
)  # fmt: skip


def _of_platform(table: str, columns: tuple[str, ...], order: str, *, descending: bool = True) -> tuple[View, View]:
    """The default view and the associated view of a table."""
    return (
        View(table, "active", columns, order, None, descending, (_ACTIVE,), ViewKind.DEFAULT),
        View(table, "associated", columns, order, None, descending, (), ViewKind.ASSOCIATED),
    )


def _is(column: str, *values: int) -> Condition:
    return Condition(column, "in" if len(values) > 1 else "eq", tuple(str(int(value)) for value in values))


VIEWS: Final[tuple[View, ...]] = (
    *_of_platform(Job.TABLE, _JOBS, "createdon"),
    View(Job.TABLE, "all", _JOBS, "createdon", Text("All Spotler Jobs", "Alle Spotler-taken")),
    View(
        Job.TABLE, "failed", _FAILED, "createdon", Text("Failed Spotler Jobs", "Mislukte Spotler-taken"),
        conditions=(_is(Job.STATUS, JobStatus.FAILED),),
    ),
    View(
        Job.TABLE, "completed", _JOBS, "createdon", Text("Completed Spotler Jobs", "Voltooide Spotler-taken"),
        conditions=(_is(Job.STATUS, JobStatus.COMPLETED),),
    ),
    View(
        Job.TABLE, "late", _JOBS, "createdon", Text("Late Spotler Jobs", "Vertraagde Spotler-taken"), descending=False,
        conditions=(_ACTIVE, Condition("createdon", "olderthan-x-hours", (_LATE_HOURS,))),
    ),
    *_of_platform(Info.TABLE, _INFOS, Info.LAST_SYNC_ON),
    View(Info.TABLE, "all", _INFOS, Info.LAST_SYNC_ON, Text("All Spotler Infos", "Alle Spotler-info's")),
    View(
        Info.TABLE, "errors", (*_INFOS, Info.LAST_ERROR), Info.LAST_SYNC_ON,
        Text("Spotler Infos with Errors", "Spotler-info's met fouten"),
        conditions=(_ACTIVE, Condition(Info.LAST_ERROR, "not-null")),
    ),
    View(
        Info.TABLE, "bounced", (*_INFOS, Info.SOFT_BOUNCES), Info.STATUS_ON,
        Text("Bounced in Spotler", "Gebounced in Spotler"),
        conditions=(_ACTIVE, _is(Info.CONTACT_STATUS, ContactStatus.SOFT_BOUNCE, ContactStatus.HARD_BOUNCE)),
    ),
    View(
        Info.TABLE, "kept-out", (*_INFOS, Info.KEEP_OUT), Info.LAST_SYNC_ON,
        Text("Kept Out of Spotler", "Buiten Spotler gehouden"), conditions=(_is(Info.KEEP_OUT, 1),),
    ),
    *_of_platform(Permission.TABLE, _PERMISSIONS, Permission.NAME, descending=False),
    View(
        Permission.TABLE, "all", _PERMISSIONS, Permission.NAME,
        Text("All Spotler Permissions", "Alle Spotler-toestemmingen"), descending=False,
    ),
    View(
        Permission.TABLE, "subscribed", _PERMISSIONS, Permission.NAME, Text("Subscribed", "Ingeschreven"),
        descending=False, conditions=(_ACTIVE, _is(Permission.SUBSCRIBED, 1)),
    ),
    View(
        Permission.TABLE, "unsubscribed", _PERMISSIONS, Permission.NAME, Text("Unsubscribed", "Uitgeschreven"),
        descending=False, conditions=(_ACTIVE, _is(Permission.SUBSCRIBED, 0)),
    ),
    *_of_platform(Consent.TABLE, _CONSENTS, Consent.ON),
    View(Consent.TABLE, "all", _CONSENTS, Consent.ON, Text("All Consent Changes", "Alle toestemmingswijzigingen")),
    *_of_platform(Automation.TABLE, _AUTOMATIONS, Automation.NAME, descending=False),
    View(
        Automation.TABLE, "all", _AUTOMATIONS, Automation.NAME,
        Text("All Spotler Automations", "Alle Spotler-automations"), descending=False,
    ),
    *_of_platform(Interaction.TABLE, _INTERACTIONS, Interaction.ON),
    View(
        Interaction.TABLE, "all", _INTERACTIONS, Interaction.ON,
        Text("All Marketing Interactions", "Alle marketinginteracties"),
    ),
    View(
        Interaction.TABLE, "email", _INTERACTIONS, Interaction.ON, Text("Email Interactions", "E-mailinteracties"),
        conditions=(Condition(Interaction.TYPE, "ne", (str(InteractionType.WEBSITE_VISIT.value),)),),
    ),
    View(
        Interaction.TABLE, "visits", _INTERACTIONS, Interaction.ON, Text("Website Visits", "Websitebezoeken"),
        conditions=(_is(Interaction.TYPE, InteractionType.WEBSITE_VISIT),),
    ),
    *_of_platform(Visitor.TABLE, _VISITORS, Visitor.LAST_VISIT),
    View(Visitor.TABLE, "all", _VISITORS, Visitor.LAST_VISIT, Text("All Website Visitors", "Alle websitebezoekers")),
    View(
        Visitor.TABLE, "list", _VISITORS, Visitor.LAST_VISIT, Text("List", "Lijst"), conditions=(_ACTIVE,),
    ),
    View(
        Visitor.TABLE, "hot", _VISITORS, Visitor.RATING, Text("Hot List", "Hotlijst"),
        conditions=(_ACTIVE, _is(Visitor.HOT, 1)),
    ),
    View(
        Visitor.TABLE, "my", _VISITORS, Visitor.LAST_VISIT, Text("My List", "Mijn lijst"),
        conditions=(_ACTIVE, Condition("ownerid", "eq-userid")),
    ),
    # The manual does not say what it shows: recent visitors that nobody has matched or promoted yet.
    View(
        Visitor.TABLE, "focused", _VISITORS, Visitor.RATING, Text("Focused View", "Gerichte weergave"),
        conditions=(
            _ACTIVE, Condition(Visitor.ACCOUNT, "null"), Condition(Visitor.LEAD, "null"),
            Condition(Visitor.LAST_VISIT, "last-x-days", ("30",)),
        ),
    ),
)  # fmt: skip

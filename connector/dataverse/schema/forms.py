"""The main forms of the solution's tables, and what a record of the customer can show of them on a tab of its own.

What the connector writes is locked: on Spotler Info all but Keep Out, which people may change.
"""

from typing import Final

from connector.dataverse.names import Automation, Consent, Info, Interaction, Job, Permission, Visitor
from connector.dataverse.schema.installation import OWN_TABLES, relationships
from connector.dataverse.schema.interface import Dashboard, Form, FormField, FormScript, Section, SubGrid, Tab
from connector.dataverse.schema.labels import Text, label
from connector.dataverse.schema.resources import JOB_FORM

_GENERAL: Final = Text("General", "Algemeen")
_RESULT: Final = Text("Result", "Resultaat")
_RECORD: Final = Text("Record", "Record")
_ADMINISTRATION: Final = Text("Administration", "Beheer")

#: The tables whose rows are shown on the records of customers.
RECORD_TABLES: Final = ("contact", "lead", "account")


def _locked(*columns: str, rows: int = 1) -> tuple[FormField, ...]:
    return tuple(FormField(column, locked=True, rows=rows) for column in columns)


def _fields(*columns: str) -> tuple[FormField, ...]:
    return tuple(map(FormField, columns))


def _general(*sections: Section) -> Tab:
    return Tab("general", _GENERAL, sections)


def _party(names: type[Info | Permission | Consent | Interaction]) -> Section:
    return Section("record", _RECORD, _locked(names.CONTACT, names.LEAD, names.ACCOUNT))


def _related(name: str, record: str, child: str, view: str = "all") -> SubGrid:
    """The rows of a table of ours that belong to a record."""
    table = next(each for each in OWN_TABLES if each.name == child)
    (one,) = [each for each in relationships(table) if each.target == record]
    return SubGrid(name, one.menu, child, view, one.name)


FORMS: Final = (
    Form(
        Job.TABLE,
        (
            Tab(
                "general",
                _GENERAL,
                (
                    Section(
                        "order",
                        Text("Order", "Opdracht"),
                        (
                            *_fields(
                                Job.OPERATION, Job.CUSTOMER, Job.LEAD, Job.LIST, Job.VISITOR, Job.PROMOTE_TO,
                                Job.AUTOMATION, Job.AUTOMATION_CONTACT_ID, Job.TAG, Job.SCORE, Job.AUDIENCE,
                                Job.FIELD_NAME, Job.FIELD_VALUE,
                            ),
                            FormField(Job.AUTOMATION_FIELDS, rows=4),
                        ),
                    ),
                    Section(
                        "result",
                        _RESULT,
                        (
                            *_locked(Job.STATUS, Job.RESULT_CODE),
                            *_locked(Job.RESULT_MESSAGE, rows=3),
                            *_locked(Job.STARTED_ON, Job.COMPLETED_ON, Job.ATTEMPTS),
                        ),
                    ),
                ),
            ),
            Tab(
                "administration",
                _ADMINISTRATION,
                (Section("administration", _ADMINISTRATION, (*_locked(Job.NUMBER, Job.NAME), FormField("ownerid"))),),
            ),
        ),
        FormScript(
            JOB_FORM.name,
            "Spotler.jobForm.onLoad",
            {
                Job.OPERATION: "Spotler.jobForm.onOperationChange",
                Job.CUSTOMER: "Spotler.jobForm.onRecordChange",
                Job.LEAD: "Spotler.jobForm.onRecordChange",
                Job.AUTOMATION: "Spotler.jobForm.onAutomationChange",
            },
        ),
    ),
    Form(
        Info.TABLE,
        (
            _general(
                Section(
                    "state",
                    Text("State in Spotler", "Stand in Spotler"),
                    (
                        *_locked(
                            Info.NAME, Info.ACTIVE, Info.CONTACT_STATUS, Info.STATUS_ON, Info.LAST_STATUS,
                            Info.LAST_SYNC_ON, Info.SOFT_BOUNCES, Info.GONE,
                        ),
                        FormField(Info.KEEP_OUT),
                        *_locked(Info.LAST_ERROR, rows=3),
                    ),
                ),
                Section(
                    "engagement",
                    Text("Engagement", "Betrokkenheid"),
                    _locked(Info.LAST_MAILED_ON, Info.LAST_OPENED_ON, Info.LAST_CLICKED_ON),
                ),
                _party(Info),
            ),
        ),
    ),
    Form(
        Permission.TABLE,
        (
            _general(
                Section(
                    "permission",
                    label("Permission"),
                    (
                        FormField(Permission.NAME),
                        FormField(Permission.SUBSCRIBED),
                        *_locked(Permission.CHANGED_ON, Permission.CHANGED_BY),
                        *_fields(Permission.CONTACT, Permission.LEAD, Permission.ACCOUNT),
                        FormField("ownerid"),
                    ),
                ),
            ),
        ),
    ),
    Form(
        Consent.TABLE,
        (
            _general(
                Section(
                    "change",
                    Text("Change", "Wijziging"),
                    _locked(
                        Consent.NAME, Consent.ON, Consent.PERMISSION, Consent.BEFORE, Consent.AFTER, Consent.SOURCE,
                        Consent.EVIDENCE,
                    ),
                ),
                _party(Consent),
            ),
        ),
    ),
    Form(
        Automation.TABLE,
        (
            _general(
                Section(
                    "automation",
                    label("Automation"),
                    (
                        *_locked(
                            Automation.NAME, Automation.KIND, Automation.TRIGGER_CODE, Automation.AUTOMATION_ID,
                        ),
                        # Spotler may not return them; then people write them here.
                        FormField(Automation.FIELDS, rows=6),
                    ),
                ),
            ),
        ),
    ),
    Form(
        Interaction.TABLE,
        (
            _general(
                Section(
                    "event",
                    Text("Event", "Gebeurtenis"),
                    _locked(
                        Interaction.NAME, Interaction.TYPE, Interaction.ON, Interaction.MAILING, Interaction.MAILING_ID,
                        Interaction.URL,
                    ),
                ),
                _party(Interaction),
            ),
        ),
    ),
    Form(
        Visitor.TABLE,
        (
            _general(
                Section(
                    "company",
                    Text("Company", "Bedrijf"),
                    (
                        *_fields(
                            Visitor.NAME, Visitor.DOMAIN, Visitor.CITY, Visitor.COUNTRY, Visitor.PHONE,
                            Visitor.INDUSTRY, Visitor.EMPLOYEES, Visitor.ACCOUNT, Visitor.LEAD, "ownerid",
                        ),
                    ),
                ),
                Section(
                    "visits",
                    Text("Visits", "Bezoeken"),
                    _locked(
                        Visitor.RATING, Visitor.HOT, Visitor.VISITOR_STATUS, Visitor.TYPE, Visitor.FIRST_VISIT,
                        Visitor.LAST_VISIT, Visitor.VISITS, Visitor.PROMOTED_ON,
                    ),
                ),
                Section(
                    "pages",
                    Text("Viewed Pages", "Bekeken pagina's"),
                    (_related("dh_pages", Visitor.TABLE, Interaction.TABLE, "visits"),),
                    wide=True,
                ),
            ),
        ),
    ),
)  # fmt: skip


def record_tab(table: str) -> Tab:
    """The tab that a form of contact, lead or account can get: what Spotler knows of the record, and its jobs."""
    grids = (
        _related("dh_record_infos", table, Info.TABLE),
        _related("dh_record_permissions", table, Permission.TABLE),
        _related("dh_record_jobs", table, Job.TABLE),
        _related("dh_record_interactions", table, Interaction.TABLE),
        _related("dh_record_consents", table, Consent.TABLE),
    )
    sections = tuple(Section(f"{each.name}_section", each.title, (each,), wide=True) for each in grids)
    return Tab("dh_spotler", Text("Spotler", "Spotler"), sections)


DASHBOARDS: Final = (
    Dashboard(
        "overview",
        Text("Spotler Overview", "Spotler-overzicht"),
        Text("Jobs that failed or are late, records with errors, and hot website visitors.",
             "Mislukte en vertraagde taken, records met fouten, en hete websitebezoekers."),
        (
            SubGrid("dh_failed", Text("Failed Spotler Jobs", "Mislukte Spotler-taken"), Job.TABLE, "failed", rows=8),
            SubGrid("dh_late", Text("Late Spotler Jobs", "Vertraagde Spotler-taken"), Job.TABLE, "late", rows=8),
            SubGrid("dh_errors", Text("Spotler Infos with Errors", "Spotler-info's met fouten"), Info.TABLE, "errors",
                    rows=8),
            SubGrid("dh_hot", Text("Hot List", "Hotlijst"), Visitor.TABLE, "hot", rows=8),
        ),
    ),
)  # fmt: skip

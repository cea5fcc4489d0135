"""What both systems hold, by record, in a form that can be compared with that of another run of the same work."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import (
    Automation,
    Consent,
    EnvironmentVariable,
    Flags,
    Info,
    Interaction,
    Job,
    ListMember,
    MarketingList,
    Permission,
    Visitor,
    lookup_value,
)
from connector.dataverse.records import RECORD_TABLES
from connector.sync.interactions.events import DATES
from sandbox.dataverse.customer_tables import MEMBERSHIP_ENTRY
from sandbox.spotler import seed as account
from tests.faults.kill_points.evidence import ConsentEntry
from tests.faults.matrix.systems import Systems

type State = dict[str, dict[str, object]]

#: The key of what belongs to no record.
ACCOUNT: Final = "the account"
#: What Spotler Info says about the contact; the moment and the code of the last sync are not compared.
_SAID: Final = (Info.SENT_HASH, Info.GONE, Info.KEEP_OUT, Info.ACTIVE, Info.CONTACT_STATUS, Info.SOFT_BOUNCES)
_OWNERS: Final = tuple(map(lookup_value, (Permission.CONTACT, Permission.LEAD, Permission.ACCOUNT)))
_INTERACTION_OWNERS: Final = tuple(map(lookup_value, (Interaction.CONTACT, Interaction.LEAD, Interaction.ACCOUNT)))
_SUBJECTS: Final = (Job.CUSTOMER, Job.LEAD)
#: The columns of records that works change.
_COLUMNS: Final = (
    *("emailaddress1", "firstname", "lastname", "name", "telephone1", "address1_city"),
    *(Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL, Flags.STATE),
)
_AUTOMATION: Final = (
    Automation.NAME,
    Automation.TRIGGER_CODE,
    Automation.AUTOMATION_ID,
    Automation.FIELDS,
    Automation.STATE,
)
#: What is known of a new subscriber who became a row of another table.
_ENTRY: Final = (MEMBERSHIP_ENTRY.id_column, MEMBERSHIP_ENTRY.name_column, "new_email", "new_origin", "statecode")
#: The permissions of Spotler.
_PERMISSIONS: Final = frozenset({"Newsletter", "Events", "Offers"})
#: What is known of a website visitor; its id is given by chance, and times are not compared.
_VISITOR: Final = (
    *(Visitor.EXTERNAL_ID, Visitor.NAME, Visitor.RATING, Visitor.HOT, Visitor.VISITS),
    *(Visitor.STATE, Visitor.PROMOTED_BY, *map(lookup_value, (Visitor.ACCOUNT, Visitor.LEAD))),
)


def of_spotler(systems: Systems) -> State:
    """What Spotler holds of each contact."""
    state, found = systems.spotler(), defaultdict[str, dict[str, object]](dict)
    for contact in state["contacts"]:
        # Where it is anonymised it has neither, and is nobody's any more.
        external_id = contact["externalId"] or contact["properties"].get("email")
        if external_id is None:
            continue
        found[external_id]["contact"] = {name: contact[name] for name in ("properties", "permissions", "inactive")}
        found[external_id]["tags"] = contact["tags"]
    for kind in ("automationRuns", "campaignRuns"):
        for run in state[kind]:
            runs = found[str(run["contact"])].setdefault("runs", [])
            assert isinstance(runs, list)
            runs.append((run["of"], run["ended"] is not None))
    for audience in state["audiences"]:
        for member in audience["members"]:
            audiences = found[str(member)].setdefault("audiences", [])
            assert isinstance(audiences, list)
            audiences.append(audience["name"])
    for each in found.values():
        for name in ("runs", "audiences"):
            if name in each:
                each[name] = sorted(each[name])  # type: ignore[call-overload]
    return dict(found)


def of_dataverse(systems: Systems, ordered: Container[str]) -> State:
    """What Dataverse holds of each record, and of none.

    Args:
        systems: where.
        ordered: the jobs that people have ordered; those that the connector makes have ids by chance.
    """
    found = defaultdict[str, dict[str, object]](dict)
    for row in systems.rows(Info.TABLE):
        found[str(row[Info.RECORD])]["info"] = {name: row.get(name) or None for name in _SAID}
    for table, names in RECORD_TABLES.items():
        for row in systems.rows(table):
            found[str(row[names.id_column])]["row"] = _named(row, _COLUMNS)
    for owner, permissions in permissions_of(systems).items():
        found[owner]["permission rows"] = sorted(permissions)
    for owner, rows in _interactions_of(systems).items():
        found[owner]["interactions"] = sorted((row[Interaction.TYPE], row[Interaction.NAME]) for row in rows)
        found[owner]["dates"] = _dates(rows)
    for row in systems.rows(Info.TABLE):
        shown = {column: row[column] for column in DATES.values() if row.get(column)}
        found[str(row[Info.RECORD])]["dates fit"] = shown == found[str(row[Info.RECORD])].pop("dates", {})
    found[ACCOUNT]["automations"] = sorted(str(_named(row, _AUTOMATION)) for row in systems.rows(Automation.TABLE))
    found[ACCOUNT]["permissions"] = [
        row.get(EnvironmentVariable.DEFAULT) for row in systems.rows(EnvironmentVariable.TABLE)
    ]
    found[ACCOUNT]["visitors"] = sorted(str(_named(row, _VISITOR)) for row in systems.rows(Visitor.TABLE))
    found[ACCOUNT]["entries"] = sorted(
        str(_named(row, _ENTRY)) for row in systems.rows(MEMBERSHIP_ENTRY.name)
    )  # fmt: skip
    found[ACCOUNT]["jobs"] = sorted({_job(row, ordered) for row in systems.rows(Job.TABLE)})
    return dict(found)


def permissions_of(systems: Systems) -> dict[str, list[tuple[str, bool]]]:
    """The permissions of each record: name, and whether it is on. A deleted record has none.

    They are rows of Spotler Permission, or memberships of the Marketing List with the name of a permission.
    """
    found = defaultdict[str, list[tuple[str, bool]]](list)
    for row in systems.rows(Permission.TABLE):
        owner = next((str(row[name]) for name in _OWNERS if row.get(name)), None)
        if owner is not None:
            is_on = row.get(Permission.SUBSCRIBED) is True and row.get(Permission.STATE) == 0
            found[owner].append((str(row[Permission.NAME]), is_on))
    names = {row[MarketingList.ID]: str(row[MarketingList.NAME]) for row in systems.rows(MarketingList.TABLE)}
    for row in systems.rows(ListMember.TABLE):
        name = names.get(row[lookup_value(ListMember.LIST)])
        if name in _PERMISSIONS:
            found[str(row[lookup_value(ListMember.MEMBER)])].append((name, True))
    return dict(found)


def _interactions_of(systems: Systems) -> dict[str, list[Mapping[str, Any]]]:
    """The Marketing Interactions of each record."""
    found = defaultdict[str, list[Mapping[str, Any]]](list)
    for row in systems.rows(Interaction.TABLE):
        owner = next((str(row[name]) for name in _INTERACTION_OWNERS if row.get(name)), ACCOUNT)
        found[owner].append(row)
    return dict(found)


def _dates(rows: Iterable[Mapping[str, Any]]) -> dict[str, object]:
    """The dates of Spotler Info that follow from the interactions of a record."""
    dates: dict[str, object] = {}
    for row in sorted(rows, key=lambda row: str(row[Interaction.ON])):
        if column := DATES.get(InteractionType(row[Interaction.TYPE])):
            dates[column] = row[Interaction.ON]
    return dates


def merged(*states: State) -> State:
    """Everything, by record."""
    found = defaultdict[str, dict[str, object]](dict)
    for state in states:
        for record, values in state.items():
            found[record] |= values
    return dict(found)


def may_get_mail(spotler: State, external_id: str) -> bool:
    """Whether Spotler would send the newsletter to a contact; one that bounced is inactive."""
    contact = spotler.get(external_id, {}).get("contact")
    if not isinstance(contact, dict):
        return False
    return contact["inactive"] is None and account.NEWSLETTER_BIT in contact["permissions"]


def is_there(spotler: State, external_id: str) -> bool:
    """Whether Spotler has a contact of this id: one that is anonymised has lost it."""
    return "contact" in spotler.get(external_id, {})


def history_of(systems: Systems) -> list[ConsentEntry]:
    """Every entry of Consent History."""
    return [
        ConsentEntry(
            str(row[Consent.RECORD]),
            str(row[Consent.PERMISSION]),
            row[Consent.AFTER] is True,
            datetime.fromisoformat(str(row[Consent.ON])).isoformat(),
        )
        for row in systems.rows(Consent.TABLE)
    ]


def _job(row: Mapping[str, Any], ordered: Container[str]) -> str:
    if row[Job.ID] in ordered:
        return str(row[Job.ID])
    return str([row.get(name) for name in (Job.OPERATION, *map(lookup_value, _SUBJECTS), Job.STATUS)])


def _named(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in names}

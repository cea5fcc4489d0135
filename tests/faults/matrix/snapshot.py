"""What both systems hold, by record, in a form that can be compared with that of another run of the same work."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from connector.dataverse.names import Automation, EnvironmentVariable, Info, Job, Permission, lookup_value
from sandbox.spotler import seed as account
from tests.faults.matrix.systems import Systems

type State = dict[str, dict[str, object]]

#: The key of what belongs to no record.
ACCOUNT: Final = "the account"
#: What Spotler Info says about the contact; the moment and the code of the last sync are not compared.
_SAID: Final = (Info.SENT_HASH, Info.GONE, Info.KEEP_OUT, Info.ACTIVE, Info.CONTACT_STATUS, Info.SOFT_BOUNCES)
_OWNERS: Final = tuple(map(lookup_value, (Permission.CONTACT, Permission.LEAD, Permission.ACCOUNT)))
_AUTOMATION: Final = (
    Automation.NAME,
    Automation.TRIGGER_CODE,
    Automation.AUTOMATION_ID,
    Automation.FIELDS,
    Automation.STATE,
)


def of_spotler(systems: Systems) -> State:
    """What Spotler holds of each contact."""
    state, found = systems.spotler(), defaultdict[str, dict[str, object]](dict)
    for contact in state["contacts"]:
        if contact["externalId"] is None:  # it is anonymised, and nobody's any more
            continue
        external_id = str(contact["externalId"])
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


def of_dataverse(systems: Systems) -> State:
    """What Dataverse holds of each record, and of none."""
    found = defaultdict[str, dict[str, object]](dict)
    for row in systems.rows(Info.TABLE):
        found[str(row[Info.RECORD])]["info"] = {name: row.get(name) or None for name in _SAID}
    for row in systems.rows(Permission.TABLE):
        owner = next((str(row[name]) for name in _OWNERS if row.get(name)), None)
        if owner is not None:  # its record was not deleted
            found[owner]["permission"] = row.get(Permission.SUBSCRIBED)
    found[ACCOUNT]["automations"] = sorted(str(_named(row, _AUTOMATION)) for row in systems.rows(Automation.TABLE))
    found[ACCOUNT]["permissions"] = [
        row.get(EnvironmentVariable.DEFAULT) for row in systems.rows(EnvironmentVariable.TABLE)
    ]
    found[ACCOUNT]["jobs"] = sorted(str(row[Job.ID]) for row in systems.rows(Job.TABLE))
    return dict(found)


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


def _named(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in names}

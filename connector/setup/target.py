"""What is known of the environment before a plan is made."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.api.errors import not_dataverse
from connector.dataverse.names import Lead, MarketingList
from connector.dataverse.schema.installation import SOLUTION
from connector.setup.calls import SetupCalls
from connector.setup.component import Component, Found
from connector.setup.labels import Languages


@dataclass(frozen=True, slots=True)
class SetupTarget:
    """An environment, as one plan or one run sees it.

    Attributes:
        calls: to it.
        organization: the name that people know it by, and its id.
        languages: that labels can have.
        has_lists: whether it has Marketing Lists, which need a licence of Dynamics 365 Sales.
        solution_id: of our solution; empty where it is not there yet.
        version: of the manifest that was installed last; empty where none was, or where a run was interrupted.
        members: the ids of the components in our solution.
        publisher: the unique name of the publisher of our solution; empty where it is not there yet.
        has_leads: whether it has leads, which come with the same licence.
        coming: the tables that the plan at hand makes; what refers to them differs as well then.
    """

    calls: SetupCalls
    organization: str
    organization_id: str
    languages: Languages
    has_lists: bool
    solution_id: str = ""
    version: str = ""
    members: frozenset[str] = frozenset()
    publisher: str = ""
    has_leads: bool = True
    coming: frozenset[str] = frozenset()

    @property
    def absent(self) -> frozenset[str]:
        """The tables of Dynamics 365 Sales that it does not have."""
        tables = {MarketingList.TABLE: self.has_lists, Lead.TABLE: self.has_leads}
        return frozenset(name for name, is_there in tables.items() if not is_there)

    def is_member(self, component: Component, found: Found) -> bool:
        """Whether a component is in our solution; a part of another component always is."""
        return component.component_type is None or component.object_id(found).lower() in self.members


#: The version of the solution while a set-up runs, so that an interrupted one is recognised.
UNFINISHED: Final = "0.0.0.1"
_ORGANIZATIONS: Final = "organizations"
_LANGUAGES: Final = "RetrieveProvisionedLanguages"


def read_target(calls: SetupCalls) -> SetupTarget:
    """Read languages, licence and solution.

    Raises:
        Refused: the user may not read definitions.
        Transient, Misconfigured: Dataverse cannot be reached, or something else answered.
    """
    organization_id = calls.get("WhoAmI").get("OrganizationId")
    organization = calls.some_rows(f"{_ORGANIZATIONS}?$select=name,languagecode")[0]
    name, base = organization.get("name"), organization.get("languagecode")
    provisioned = calls.get(_LANGUAGES).get(_LANGUAGES)
    # People repeat the name, and plans have the id, so that nothing is done to another environment.
    if not (isinstance(organization_id, str) and organization_id and isinstance(name, str) and name):
        raise not_dataverse(f"GET {_ORGANIZATIONS}")
    if not (isinstance(base, int) and isinstance(provisioned, list) and provisioned):
        raise not_dataverse(f"GET {_LANGUAGES}")
    languages = Languages(base, frozenset(each for each in provisioned if isinstance(each, int)))
    solution = find_solution(calls, SOLUTION.name)
    solution_id = str(solution["solutionid"]) if solution else ""
    version = str(solution["version"]) if solution else ""
    has_lists = _has(calls, MarketingList.TABLE)
    return SetupTarget(
        calls,
        name,
        organization_id,
        languages,
        has_lists,
        solution_id,
        "" if version == UNFINISHED else version,
        members_of(calls, solution_id) if solution_id else frozenset(),
        _publisher_of(calls, solution) if solution else "",
        has_lists or _has(calls, Lead.TABLE),
    )


def _has(calls: SetupCalls, table: str) -> bool:
    return calls.find(f"EntityDefinitions(LogicalName='{table}')?$select=LogicalName") is not None


def find_solution(calls: SetupCalls, name: str) -> Found | None:
    """A solution by its unique name."""
    select = "solutionid,uniquename,friendlyname,version,ismanaged,_publisherid_value"
    rows = calls.rows(f"solutions?$select={select}&$filter={quote(filters.eq('uniquename', name))}")
    return rows[0] if rows else None


def _publisher_of(calls: SetupCalls, solution: Found) -> str:
    row = calls.find(f"publishers({solution['_publisherid_value']})?$select=uniquename")
    return str((row or {}).get("uniquename") or "")


def members_of(calls: SetupCalls, solution_id: str) -> frozenset[str]:
    """The ids of the components of a solution."""
    condition = quote(f"_solutionid_value eq {solution_id}")
    rows = calls.rows(f"solutioncomponents?$select=objectid,componenttype&$filter={condition}")
    return frozenset(str(row["objectid"]).lower() for row in rows)

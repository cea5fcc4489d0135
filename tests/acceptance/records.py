"""The records that jobs are about, each with an address of its own, so that no test meets what another one left."""

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from connector.dataverse.names import Account, Contact, Job, Lead

SETS: Final = {Contact.TABLE: Contact.SET, Lead.TABLE: Lead.SET, Account.TABLE: Account.SET}
#: The lookup of a job that takes a record, per table.
LOOKUPS: Final = {
    Contact.TABLE: Job.CUSTOMER_CONTACT_NAVIGATION,
    Lead.TABLE: Job.LEAD_NAVIGATION,
    Account.TABLE: Job.CUSTOMER_ACCOUNT_NAVIGATION,
}
#: What deactivates a row, per table.
DEACTIVATED: Final = {
    Contact.TABLE: {"statecode": 1, "statuscode": 2},
    Lead.TABLE: {"statecode": 2, "statuscode": 7},
    Account.TABLE: {"statecode": 1, "statuscode": 2},
}
#: What activates it again, in every table.
ACTIVATED: Final = {"statecode": 0, "statuscode": 1}


@dataclass(frozen=True, slots=True)
class Record:
    """A contact, lead or account in Dataverse."""

    table: str
    id: str

    @property
    def set_name(self) -> str:
        """The entity set, e.g. `contacts`."""
        return SETS[self.table]

    @property
    def path(self) -> str:
        """The address of the row below the Web API."""
        return f"{self.set_name}({self.id})"

    def as_subject(self) -> dict[str, object]:
        """The columns of a job that is about it."""
        return {f"{LOOKUPS[self.table]}@odata.bind": f"/{self.path}"}


def new_address() -> str:
    """An address that nobody has."""
    return f"{uuid4().hex[:12]}@example.org"


def columns_of(table: str, columns: dict[str, object]) -> dict[str, object]:
    """The row of a record that can be mailed, with these columns instead of or beside the usual ones."""
    usual: dict[str, object] = {"emailaddress1": new_address()}
    usual |= {"name": "Voorbeeld BV"} if table == Account.TABLE else {"firstname": "Anna", "lastname": "Voorbeeld"}
    return usual | columns

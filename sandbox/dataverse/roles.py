"""What the users of the environment may do, declared table by table.

`CONNECTOR_ROLE` is the role that the connector's application user gets: enough for the synchronisation and nothing
more. A write that it does not allow is answered with 403, so that a missing privilege shows here and not at a customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector.dataverse.schema import TABLES
from sandbox.dataverse.customer_tables import CUSTOMER_TABLES


class Verb(StrEnum):
    """The privileges that the stand-in checks; the value begins the name of Dataverse's privilege."""

    CREATE = "prvCreate"
    READ = "prvRead"
    WRITE = "prvWrite"
    DELETE = "prvDelete"


#: Not about a table: silence custom plug-ins, workflows and steps.
BYPASS_PRIVILEGE = "prvBypassCustomBusinessLogic"
#: Not about a table: act for another user.
ACT_ON_BEHALF_PRIVILEGE = "prvActOnBehalfOfAnotherUser"


@dataclass(frozen=True, slots=True)
class Role:
    """A set of privileges.

    Attributes:
        name: what administrators read.
        tables: the verbs allowed on each table.
        everything: whether nothing is checked, as for a System Administrator.
        others: privileges that belong to no table.
    """

    name: str
    tables: Mapping[str, frozenset[Verb]] = field(default_factory=dict)
    everything: bool = False
    others: frozenset[str] = frozenset()

    def allows(self, verb: Verb, table: str) -> bool:
        """Whether the role may do this to rows of the table."""
        return self.everything or verb in self.tables.get(table, frozenset())

    def has(self, privilege: str) -> bool:
        """Whether the role has a privilege that belongs to no table."""
        return self.everything or privilege in self.others


READ = frozenset({Verb.READ})
CHANGE = frozenset({Verb.READ, Verb.WRITE})
MAINTAIN = frozenset({Verb.READ, Verb.WRITE, Verb.CREATE})

CONNECTOR_ROLE = Role(
    name="Spotler Service",
    tables={
        # New subscribers become contacts or leads, website visitors leads or accounts; nobody is ever deleted.
        "contact": MAINTAIN,
        "lead": MAINTAIN,
        "account": MAINTAIN,
        # Whether a Marketing List is synced stands on it.
        "list": CHANGE,
        # Permissions may be kept as members of lists.
        "listmember": READ | {Verb.CREATE, Verb.DELETE},
        # Timeline posts, and the variable with the permissions of new records.
        "post": frozenset({Verb.CREATE, Verb.READ}),
        "environmentvariabledefinition": CHANGE,
        "environmentvariablevalue": READ,
        "systemuser": READ,
        # In which time zone do the lists of this user begin a day, and a week?
        "usersettings": READ,
        "organization": READ,
        # What a health check reads: are the steps there, and do their posts arrive?
        "asyncoperation": READ,
        "serviceendpoint": READ,
        "sdkmessage": READ,
        "sdkmessagefilter": READ,
        "sdkmessageprocessingstep": READ,
        **{table.name: MAINTAIN for table in TABLES.values() if table.own},
        # Given by the customer, who wants new subscribers there.
        **{table.name: MAINTAIN for table in CUSTOMER_TABLES},
        # Old jobs and old interactions are cleaned up, and those of people who are anonymised,
        # and website visitors who have not come back.
        "dh_spotlerjob": MAINTAIN | {Verb.DELETE},
        "dh_marketinginteraction": MAINTAIN | {Verb.DELETE},
        "dh_websitevisitor": MAINTAIN | {Verb.DELETE},
    },
)

ADMINISTRATOR_ROLE = Role(name="System Administrator", everything=True)

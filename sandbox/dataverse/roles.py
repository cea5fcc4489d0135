"""What somebody may do: the privileges of all roles of a user together, as every request is checked against them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verb(StrEnum):
    """The privileges on tables that the stand-in checks; the value begins the name of Dataverse's privilege."""

    CREATE = "prvCreate"
    READ = "prvRead"
    WRITE = "prvWrite"
    DELETE = "prvDelete"
    #: Set a lookup of a row of the table.
    APPEND = "prvAppend"
    #: Have a lookup point to a row of the table.
    APPEND_TO = "prvAppendTo"
    #: Give a row to another owner.
    ASSIGN = "prvAssign"
    SHARE = "prvShare"


#: Not about a table: silence custom plug-ins, workflows and steps.
BYPASS_PRIVILEGE = "prvBypassCustomBusinessLogic"
#: Not about a table: act for another user.
ACT_ON_BEHALF_PRIVILEGE = "prvActOnBehalfOfAnotherUser"
#: Not about a table: give a user a role.
ASSIGN_ROLE_PRIVILEGE = "prvAssignRole"


@dataclass(frozen=True, slots=True)
class Role:
    """A set of privileges.

    Attributes:
        name: what administrators read; of several roles, their names together.
        tables: the verbs allowed on each table.
        everything: whether nothing is checked, as for a System Administrator.
        others: privileges that belong to no table.
        used: the names of the privileges that requests have needed so far.
    """

    name: str
    tables: Mapping[str, frozenset[Verb]] = field(default_factory=dict)
    everything: bool = False
    others: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set, compare=False)

    def allows(self, verb: Verb, table: str) -> bool:
        """Whether the role may do this to rows of the table."""
        self.used.add(verb + table)
        return self.everything or verb in self.tables.get(table, frozenset())

    def has(self, privilege: str) -> bool:
        """Whether the role has a privilege that belongs to no table."""
        self.used.add(privilege)
        return self.everything or privilege in self.others

"""What somebody may do: the privileges of all roles of a user together, as every request is checked against them."""

from collections.abc import Callable, Mapping
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


#: The depth of a privilege on the rows of the whole organisation, as `roleprivileges` stores it.
EVERYBODY = 8


@dataclass(frozen=True, slots=True)
class Role:
    """A set of privileges.

    Attributes:
        name: what administrators read; of several roles, their names together.
        tables: the verbs allowed on each table, each with its depth as `roleprivileges` stores it: 1 for rows of the
            user, 2 for those of the business unit, 4 for those of the units below too, 8 for all.
        everything: whether nothing is checked, as for a System Administrator.
        others: privileges that belong to no table.
        used: the names of the privileges that requests have needed so far.
        covers: whether rows of an owner are within a depth.
    """

    name: str
    tables: Mapping[str, Mapping[Verb, int]] = field(default_factory=dict)
    everything: bool = False
    others: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set, compare=False)
    covers: Callable[[str, int], bool] = field(default=lambda _owner, _depth: False, compare=False)

    def allows(self, verb: Verb, table: str) -> bool:
        """Whether the role may do this to rows of the table."""
        self.used.add(verb + table)
        return self.everything or verb in self.tables.get(table, {})

    def reaches(self, verb: Verb, table: str, owner: str) -> bool:
        """Whether the role may do this to the rows of an owner; the owner is empty where rows have none."""
        depth = self.tables.get(table, {}).get(verb, 0)
        return self.everything or depth == EVERYBODY or (depth > 0 and self.covers(owner, depth))

    def reaches_all(self, verb: Verb, table: str) -> bool:
        """Whether the role may do this to the rows of everybody."""
        return self.everything or self.tables.get(table, {}).get(verb, 0) == EVERYBODY

    def has(self, privilege: str) -> bool:
        """Whether the role has a privilege that belongs to no table."""
        self.used.add(privilege)
        return self.everything or privilege in self.others

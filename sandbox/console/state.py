"""What a page shows, as its address says: each column has a view, and there may be a record, a job, a contact in hand.

The whole state is in the address, so that every view can be reached by a link, reloaded, and gone back to.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Self
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class State:
    """The view of each column, and what is selected.

    Attributes:
        d: view of the Dynamics column.
        b: view of the bus: empty, or the queue or subscription that is peeked into.
        f: the function whose log lines are shown; empty for all.
        s: view of the Spotler column.
        r: the record in hand, `contact:ID`.
        j: the job in hand.
        c: the contact in hand, by its encrypted id.
        op: the operation of the job form.
        auto: the automation of the job form.
        t: the timer that was run last.
        note: the notice to show once.
    """

    d: str = "people"
    b: str = ""
    f: str = ""
    s: str = "contacts"
    r: str = ""
    j: str = ""
    c: str = ""
    op: str = ""
    auto: str = ""
    t: str = ""
    note: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """The state that an address says; what it does not know is left out."""
        return cls(**{each.name: query[each.name] for each in fields(cls) if each.name in query})

    def query(self, **changes: str) -> str:
        """The query of an address with these changes; a notice is not taken along."""
        changed = asdict(replace(self, **{"note": "", **changes}))
        usual = asdict(type(self)())
        return urlencode({name: value for name, value in changed.items() if value != usual[name]})

    def url(self, **changes: str) -> str:
        """The address with these changes."""
        query = self.query(**changes)
        return f"/?{query}" if query else "/"

    @property
    def table(self) -> str:
        """The table of the record in hand."""
        return self.r.partition(":")[0]

    @property
    def record(self) -> str:
        """The id of the record in hand."""
        return self.r.partition(":")[2]

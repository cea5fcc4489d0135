"""FetchXML on rows of a test's own, without HTTP: tables, a fixed clock, a caller in Amsterdam."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from uuid import uuid4

from connector.dataverse.schema import TABLES, Column, Kind
from sandbox.dataverse.clock import Clock
from sandbox.dataverse.fetchxml.assumptions import Assumptions
from sandbox.dataverse.fetchxml.parsing import parse_fetch
from sandbox.dataverse.fetchxml.running import Fetcher
from sandbox.dataverse.fetchxml.time_zones import AMSTERDAM_CODE
from sandbox.dataverse.marketing.tables import RELATIONSHIPS, with_list_tables
from sandbox.dataverse.model import LOOKUP_KINDS, Catalog, property_name
from sandbox.dataverse.organization_tables import MEMBERSHIP, with_organization_tables
from sandbox.dataverse.store import Row, Store

CALLER = "5e5e5e5e-0000-4000-8000-000000000001"
ORGANIZATION = "0a0a0a0a-0000-4000-8000-000000000001"
NOW = "2026-03-18T14:30:00Z"

COMPANY, OTHER = (f"aaaaaaaa-0000-4000-8000-{n:012}" for n in (1, 2))
ANNA, BO, CEES = (f"c0c0c0c0-0000-4000-8000-{n:012}" for n in (1, 2, 3))

#: Columns of the cases that the manifest does not have.
EXTRA = {
    "contact": (Column("new_interests", Kind.CHOICES, options={n: str(n) for n in range(1, 10)}),),
    "account": (
        Column("numberofemployees", Kind.INTEGER),
        Column("revenue", Kind.MONEY),
        Column("creditlimit", Kind.MONEY),
    ),
}


class FixedClock(Clock):
    """A clock that stands still."""

    def __init__(self, now):
        super().__init__()
        self.moment = datetime.fromisoformat(now)

    def now(self):
        return self.moment


@cache
def catalog():
    """The tables, with the columns of the cases."""
    tables = tuple(replace(table, columns=(*table.columns, *EXTRA.get(table.name, ()))) for table in TABLES.values())
    return Catalog(with_organization_tables(with_list_tables(tables)), (*RELATIONSHIPS, MEMBERSHIP))


class FetchScene:
    """Rows, a caller, and queries about them."""

    def __init__(self, *, now=NOW, **settings):
        self.store = Store(catalog())
        self.assumptions = Assumptions()
        self.fetcher = Fetcher(self.store, FixedClock(now), self.assumptions)
        self.add("usersettings", {"systemuserid": CALLER, "timezonecode": AMSTERDAM_CODE, "uilanguageid": 1033})
        organization = {"weekstartdaycode": 0, "fiscalperiodtype": 2002, "fiscalcalendarstart": "2000-01-01T00:00:00Z"}
        self.add("organization", {"organizationid": ORGANIZATION, **organization, **settings})

    def add(self, table, *rows, targets=None):
        """Put rows in place, their lookups by column; a lookup with several targets points to the one named."""
        data = self.store.tables[table]
        model = data.model
        for row in rows:
            row_id = row.get(model.id_column) or str(uuid4())
            values, pointing = {model.id_column: row_id}, {}
            for name, value in row.items():
                column = model.columns[name]
                if column.kind is Kind.CHOICES and isinstance(value, list):
                    value = ",".join(map(str, value))  # noqa: PLW2901
                values[property_name(column)] = value
                if column.kind in LOOKUP_KINDS and value is not None:
                    pointing[property_name(column)] = (targets or {}).get(name) or column.targets[0]
            data.put(Row(row_id, self.store.next_order(), self.store.next_version(), values, pointing))

    def run(self, text, caller=CALLER, annotations=()):
        """One page."""
        return self.fetcher.run(parse_fetch(text), caller, frozenset(annotations))

    def rows(self, text, caller=CALLER):
        """The rows of a page, without their versions."""
        return [{k: v for k, v in row.items() if k != "@odata.etag"} for row in self.run(text, caller).rows]

    def column(self, text, name, caller=CALLER):
        """The values of a column."""
        return [row.get(name) for row in self.rows(text, caller)]


def people_and_companies():
    """Three people, of whom two have a company."""
    scene = FetchScene()
    scene.add("account", {"accountid": COMPANY, "name": "Voorbeeld BV"}, {"accountid": OTHER, "name": "ander NV"})
    scene.add(
        "contact",
        {
            "contactid": ANNA, "firstname": "Anna", "address1_city": "Zoë", "gendercode": 2, "statecode": 0,
            "parentcustomerid": COMPANY, "createdon": "2026-03-18T23:30:00Z", "new_interests": [1, 9],
            "donotbulkemail": True, "numberofchildren": 2,
        },
        {
            "contactid": BO, "firstname": "Bo", "gendercode": 1, "statecode": 0, "parentcustomerid": OTHER,
            "createdon": "2026-03-18T10:00:00Z", "address1_city": "zoe", "numberofchildren": 3,
        },
        {"contactid": CEES, "firstname": "Cees", "statecode": 1, "createdon": "2025-01-01T10:00:00Z"},
        targets={"parentcustomerid": "account"},
    )  # fmt: skip
    return scene

"""Bodies of definitions as the documentation shows them, and a solution to put them into."""

import re
from dataclasses import dataclass

from tests.contract.dataverse_standin.support import Standin

SOLUTION = "SpotlerConnector"
CRM = "Microsoft.Dynamics.CRM"
#: Everything settles at once.
FAST = dict.fromkeys(
    (f"{what}_seconds" for what in ("definition", "write", "set", "attributes", "column", "key", "export")), 0
)
STRONG = {"Consistency": "Strong"}


def label(english: str, dutch: str = "", **more: str) -> dict:
    texts = {1033: english, **({1043: dutch} if dutch else {}), **{int(code[1:]): text for code, text in more.items()}}
    return {
        "@odata.type": f"{CRM}.Label",
        "LocalizedLabels": [
            {"@odata.type": f"{CRM}.LocalizedLabel", "Label": text, "LanguageCode": language}
            for language, text in texts.items()
            if text
        ],
    }


def column(name: str, kind: str = "String", **more) -> dict:
    lengths = {"String": {"MaxLength": 100, "FormatName": {"Value": "Text"}}, "Memo": {"MaxLength": 2000}}
    return {
        "@odata.type": f"{CRM}.{kind}AttributeMetadata",
        "SchemaName": name,
        "DisplayName": label(name, f"{name} NL"),
        "RequiredLevel": {"Value": "None"},
        **lengths.get(kind, {}),
        **more,
    }


def table(name: str = "dh_SpotlerJob", *columns: dict, **more) -> dict:
    primary = column("dh_Name", IsPrimaryName=True)
    return {
        "@odata.type": f"{CRM}.EntityMetadata",
        "SchemaName": name,
        "DisplayName": label("Spotler Job", "Spotler-taak"),
        "DisplayCollectionName": label("Spotler Jobs", "Spotler-taken"),
        "OwnershipType": "UserOwned",
        "IsActivity": False,
        "HasActivities": False,
        "HasNotes": False,
        "Attributes": [primary, *columns],
        **more,
    }


def option(value: int | None, text: str) -> dict:
    return {"@odata.type": f"{CRM}.OptionMetadata", "Value": value, "Label": label(text, f"{text} NL")}


def choice(name: str = "dh_spotleroperation", *options: dict) -> dict:
    return {
        "@odata.type": f"{CRM}.OptionSetMetadata",
        "Name": name,
        "IsGlobal": True,
        "OptionSetType": "Picklist",
        "DisplayName": label("Operation", "Bewerking"),
        "Options": list(options or (option(727000000, "Sync"), option(727000001, "Add Tag"))),
    }


def lookup(parent: str, name: str = "dh_LeadId", child: str = "dh_spotlerjob", relationship: str = "", **more) -> dict:
    return {
        "@odata.type": f"{CRM}.OneToManyRelationshipMetadata",
        "SchemaName": relationship or f"dh_{parent}_{child}",
        "ReferencedEntity": parent,
        "ReferencingEntity": child,
        "Lookup": {
            "@odata.type": f"{CRM}.LookupAttributeMetadata",
            "SchemaName": name,
            "DisplayName": label(name),
            "RequiredLevel": {"Value": "None"},
        },
        **more,
    }


def several(name: str, *parents: str, child: str = "dh_spotlerjob") -> dict:
    return {
        "Lookup": {
            "@odata.type": f"{CRM}.ComplexLookupAttributeMetadata",
            "SchemaName": name,
            "DisplayName": label(name),
        },
        "OneToManyRelationships": [
            {
                "@odata.type": f"{CRM}.ComplexOneToManyRelationshipMetadata",
                "SchemaName": f"dh_{parent}_{child}_{name.lower()}",
                "ReferencedEntity": parent,
                "ReferencingEntity": child,
            }
            for parent in parents
        ],
    }


def table_path(name: str = "dh_spotlerjob") -> str:
    return f"EntityDefinitions(LogicalName='{name}')"


def last_id(response) -> str:
    """The guid in the last parenthesis of the address."""
    return re.findall(r"\(([0-9a-f-]{36})\)", response.headers["OData-EntityId"])[-1]


@dataclass
class Setup:
    """An environment in which a solution is set up."""

    standin: Standin

    def begin(self) -> "Setup":
        publisher = {
            "uniquename": "dhconnector",
            "friendlyname": "Connector",
            "customizationprefix": "dh",
            "customizationoptionvalueprefix": 72700,
        }
        publisher_id = self.api.create("publishers", **publisher)
        bind = {"publisherid@odata.bind": f"/publishers({publisher_id})"}
        self.solution_id = self.api.create(
            "solutions", uniquename=SOLUTION, friendlyname="Connector", version="1.0.0.0", **bind
        )
        return self

    @property
    def api(self):
        return self.standin.admin

    def post(self, path: str, body: dict, **headers: str):
        return self.api.post(path, body, **{"MSCRM.SolutionUniqueName": SOLUTION, **headers})

    def make(self, path: str, body: dict, **headers: str) -> str:
        response = self.post(path, body, **headers)
        assert response.status_code == 204, response.text
        return last_id(response)

    def table(self, *columns: dict, name: str = "dh_SpotlerJob", **more) -> str:
        return self.make("EntityDefinitions", table(name, *columns, **more))

    def put(self, path: str, body: dict, **headers: str):
        return self.api.request("PUT", path, json=body, headers=headers)

    def members(self, solution: str = SOLUTION) -> set[tuple[int, str]]:
        """Type and id of what is in a solution."""
        (row,) = self.api.rows(f"solutions?$select=solutionid&$filter=uniquename eq '{solution}'")
        path = f"solutioncomponents?$select=componenttype,objectid&$filter=_solutionid_value eq {row['solutionid']}"
        return {(each["componenttype"], each["objectid"]) for each in self.api.rows(path)}

    def definition(self, path: str | None = None, query: str = "") -> dict:
        response = self.api.get(f"{path or table_path()}{query}", headers=STRONG)
        assert response.status_code == 200, response.text
        return response.json()

    def move(self, seconds: float) -> None:
        self.standin.side("clock", {"move_seconds": seconds})

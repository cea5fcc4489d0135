"""What a customer does to views and forms, by the calls of the set-up."""

from urllib.parse import quote

UNPUBLISHED = "Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()"
FOREIGN_TAB = (
    '<tab name="mine" id="{11111111-0000-4000-8000-000000000000}"><labels><label description="Mine" '
    'languagecode="1033" /></labels><columns><column width="100%"><sections><section '
    'id="{11111111-0000-4000-8000-000000000001}"><rows /></section></sections></column></columns></tab>'
)


def main_form(calls, table: str, *, unpublished: bool = False) -> dict:
    """The main form of a table."""
    source = f"systemforms/{UNPUBLISHED}" if unpublished else "systemforms"
    condition = quote(f"objecttypecode eq '{table}' and type eq 2")
    return calls.rows(f"{source}?$select=formid,formxml&$filter={condition}")[0]


def change_form(calls, table: str, change) -> str:
    """Write a form anew and return its id."""
    form = main_form(calls, table, unpublished=True)
    calls.patch(f"systemforms({form['formid']})", {"formxml": change(form["formxml"])})
    return form["formid"]


def add_tab(xml: str) -> str:
    return xml.replace("</tabs>", f"{FOREIGN_TAB}</tabs>")


def publish(calls, *tables: str) -> None:
    entities = "".join(f"<entity>{table}</entity>" for table in tables)
    xml = f"<importexportxml><entities>{entities}</entities></importexportxml>"
    calls.act("PublishXml", {"ParameterXml": xml})


def texts(calls, set_name: str, row_id: str, column: str) -> dict[int, str]:
    moniker = quote(f"{{'@odata.id':'{set_name}({row_id})'}}")
    call = "RetrieveLocLabels(EntityMoniker=@p1,AttributeName=@p2,IncludeUnpublished=@p3)"
    label = calls.get(f"{call}?@p1={moniker}&@p2='{column}'&@p3=false")["Label"]
    return {each["LanguageCode"]: each["Label"] for each in label["LocalizedLabels"]}

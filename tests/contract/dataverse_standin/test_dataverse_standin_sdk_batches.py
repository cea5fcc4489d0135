"""What Microsoft's Python client sends in a batch: rows, tables, columns and relationships, and bulk deletion."""

import pytest
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.labels import Label, LocalizedLabel
from PowerPlatform.Dataverse.models.relationship import (
    LookupAttributeMetadata,
    ManyToManyRelationshipMetadata,
    OneToManyRelationshipMetadata,
)
from PowerPlatform.Dataverse.models.upsert import UpsertItem

TABLE = "dh_websitevisitor"


@pytest.fixture
def people(standin):
    return standin.load("contact", *({"firstname": name, "lastname": "x"} for name in ("Anna", "Ben", "Cleo")))


def done(batch):
    """The answers, all of which must be successes."""
    responses = batch.execute().responses
    assert [each.error_code for each in responses if not each.is_success] == []
    return [each.data for each in responses]


@pytest.mark.filterwarnings("ignore:.*is deprecated")
def test_rows_are_read_changed_and_deleted(client, api, people):
    batch = client.batch.new()
    batch.records.get("contact", people[0], select=["firstname"])
    batch.records.retrieve("contact", people[1], select=["firstname"])
    batch.records.update("contact", people[:2], {"jobtitle": "Boss"})
    batch.records.upsert(TABLE, [UpsertItem({"dh_externalid": key}, {"dh_name": key}) for key in ("v1", "v2")])
    batch.records.delete("contact", people[2:], use_bulk_delete=False)
    read = done(batch)

    assert [each["firstname"] for each in read[:2]] == ["Anna", "Ben"]
    assert [(each["firstname"], each["jobtitle"]) for each in api.rows("contacts?$select=firstname,jobtitle")] == [
        ("Anna", "Boss"), ("Ben", "Boss"),
    ]  # fmt: skip
    assert len(api.rows("dh_websitevisitors")) == 2


def test_a_change_set_changes_what_it_made_and_deletes(client, api, people):
    batch = client.batch.new()
    with batch.changeset() as changes:
        made = changes.records.create("contact", {"lastname": "New"})
        changes.records.update("contact", made, {"firstname": "Dora"})
        changes.records.delete("contact", people[0])
    done(batch)

    assert [each["firstname"] for each in api.rows("contacts?$select=firstname")] == ["Ben", "Cleo", "Dora"]


def test_data_frames(client, api, people):
    pandas = pytest.importorskip("pandas")
    batch = client.batch.new()
    batch.dataframe.create("contact", pandas.DataFrame([{"firstname": "Dora", "lastname": "x"}]))
    changed = pandas.DataFrame([{"contactid": people[0], "firstname": "Ann"}])
    batch.dataframe.update("contact", changed, id_column="contactid")
    batch.dataframe.delete("contact", pandas.Series(people[1:]), use_bulk_delete=False)
    done(batch)

    assert [each["firstname"] for each in api.rows("contacts?$select=firstname")] == ["Ann", "Dora"]


def test_tables_columns_and_relationships(client):
    made = client.batch.new()
    made.tables.create("new_Thing", {"new_Code": "string", "new_Less": "int"})
    done(made)
    batch = client.batch.new()
    batch.tables.add_columns("new_Thing", {"new_More": "int"})
    batch.tables.create_lookup_field("new_Thing", "new_AccountId", "account")
    batch.tables.create_one_to_many_relationship(
        LookupAttributeMetadata("new_ContactId", Label([LocalizedLabel("Contact", 1033)])),
        OneToManyRelationshipMetadata("new_Contact_Thing", "contact", "new_thing", "contactid"),
    )
    batch.tables.create_many_to_many_relationship(ManyToManyRelationshipMetadata("new_thing_lead", "new_thing", "lead"))
    batch.tables.remove_columns("new_Thing", ["new_Less"])
    batch.tables.get("new_Thing")
    batch.tables.list(select=["LogicalName"])
    batch.tables.get_relationship("new_Contact_Thing")
    *_, table, tables, relationship = done(batch)
    columns = {each["LogicalName"] for each in client.tables.list_columns("new_Thing")}
    taken = client.batch.new()
    taken.tables.delete_relationship(relationship["value"][0]["MetadataId"])
    taken.tables.delete("new_Thing")
    done(taken)

    assert [each["EntitySetName"] for each in table["value"]] == ["new_things"]
    assert "new_thing" in {each["LogicalName"] for each in tables["value"]}
    assert columns >= {"new_code", "new_more", "new_accountid", "new_contactid"}
    assert "new_less" not in columns
    assert client.tables.get("new_Thing") is None


# Bulk deletion


def test_bulk_deletion_is_a_job_that_deletes_a_while_after_the_answer(client, standin, api, people):
    job = client.records.delete("contact", people[:2])
    before = len(api.rows("contacts"))
    standin.side("clock", {"move_seconds": 2})

    assert (before, [each["firstname"] for each in api.rows("contacts?$select=firstname")]) == (3, ["Cleo"])
    found = api.get(f"asyncoperations({job})?$select=operationtype,statecode,statuscode").json()
    assert (found["operationtype"], found["statecode"], found["statuscode"]) == (13, 3, 30)


def test_bulk_deletion_in_a_batch(client, standin, api, people):
    batch = client.batch.new()
    batch.records.delete("contact", people)
    done(batch)
    standin.side("clock", {"move_seconds": 2})

    assert api.rows("contacts") == []


def body(**changes):
    condition = {"AttributeName": "lastname", "Operator": "Equal", "Values": ["x"]}
    criteria = {"FilterOperator": "And", "Conditions": [{**condition, **changes.pop("condition", {})}]}
    query = {"@odata.type": "Microsoft.Dynamics.CRM.QueryExpression", "EntityName": "contact", "Criteria": criteria}
    return {
        "JobName": "x", "SendEmailNotification": False, "ToRecipients": [], "CCRecipients": [], "RecurrencePattern": "",
        "StartDateTime": "2026-01-01T00:00:00Z", "QuerySet": [{**query, **changes.pop("query", {})}], **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"SendEmailNotification": True},
        {"RecurrencePattern": "FREQ=DAILY;"},
        {"QuerySet": []},
        {"Colour": 1},
        {"query": {"EntityName": "nosuch"}},
        {"query": {"Criteria": None}},
        {"query": {"Orders": []}},
        {"query": {"@odata.type": "Microsoft.Dynamics.CRM.FetchExpression"}},
        {"condition": {"Operator": "NotNull"}},
        {"condition": {"Values": []}},
        {"condition": {"AttributeName": "nosuch"}},
    ],
)
def test_a_bulk_deletion_of_another_form_is_refused(api, standin, people, changes):
    assert api.post("BulkDelete", body(**changes)).status_code in (400, 501)
    standin.side("clock", {"move_seconds": 2})
    assert len(api.rows("contacts")) == len(people)


def test_a_bulk_deletion_by_a_column_and_one_without_the_right(api, standin, people):
    assert standin.connector.post("BulkDelete", body()).status_code == 403
    assert api.post("BulkDelete", body()).status_code == 200
    standin.side("clock", {"move_seconds": 2})

    assert (api.rows("contacts"), len(people)) == ([], 3)


def test_what_the_client_says_of_a_job_that_is_refused(client, standin, people):
    standin.side("faults", {"kind": "500", "path": "^BulkDelete", "count": 9})
    with pytest.raises(HttpError):
        client.records.delete("contact", people)

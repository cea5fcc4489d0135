"""Microsoft's own Python client, which nobody here wrote, works with the stand-in."""

import pytest
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from sandbox.dataverse.files.contents import CHUNK_BYTES

SET, TABLE = "dh_websitevisitors", "dh_websitevisitor"


def visitors(api):
    return [(row["dh_externalid"], row["dh_name"]) for row in api.rows(f"{SET}?$select=dh_externalid,dh_name")]


def test_a_row_is_created_read_updated_and_deleted(client, api):
    row_id = client.records.create("contact", {"firstname": "Zoë", "lastname": "de Wit"})
    client.records.update("contact", row_id, {"lastname": "Wit"})
    read = client.records.retrieve("contact", row_id, select=["fullname"])
    client.records.delete("contact", row_id)

    assert read["fullname"] == "Zoë Wit"
    assert api.rows("contacts") == []


def test_labels_of_choices_are_found_in_the_metadata(client, api):
    row_id = client.records.create("dh_spotlerjob", {"dh_operation": "Add Tag"})

    assert api.get(f"dh_spotlerjobs({row_id})").json()["dh_operation"] == 100000003


def test_many_rows_are_created_and_updated_at_once(client, api):
    ids = client.records.create(TABLE, [{"dh_externalid": key, "dh_name": key} for key in ("v1", "v2")])
    client.records.update(TABLE, ids, [{"dh_name": "a"}, {"dh_name": "b"}])

    assert visitors(api) == [("v1", "a"), ("v2", "b")]


def test_rows_are_updated_or_created_by_alternate_key(client, api):
    client.records.upsert(TABLE, [UpsertItem({"dh_externalid": "v'1"}, {"dh_name": "a"})])
    client.records.upsert(TABLE, [UpsertItem({"dh_externalid": "v'1"}, {"dh_name": "b"})])
    client.records.upsert(
        TABLE,
        [UpsertItem({"dh_externalid": "v'1"}, {"dh_name": "c"}), UpsertItem({"dh_externalid": "v2"}, {"dh_name": "d"})],
    )

    assert visitors(api) == [("v'1", "c"), ("v2", "d")]


def test_pages_are_followed(client, standin):
    standin.load(TABLE, *({"dh_name": f"v{n}"} for n in range(7)))
    pages = client.records.list_pages(TABLE, select=["dh_name"], orderby=["dh_name desc"], page_size=3)

    assert [[row["dh_name"] for row in page] for page in pages] == [["v6", "v5", "v4"], ["v3", "v2", "v1"], ["v0"]]


def test_fetchxml_pages_are_followed(client, standin):
    standin.load(TABLE, *({"dh_name": f"v{n}"} for n in range(7)))
    wanted = '<attribute name="dh_name"/><order attribute="dh_name"/>'
    xml = f'<fetch page="1" count="3"><entity name="{TABLE}">{wanted}</entity></fetch>'
    pages = client.query.fetchxml(xml).execute_pages()

    assert [[row["dh_name"] for row in page] for page in pages] == [["v0", "v1", "v2"], ["v3", "v4", "v5"], ["v6"]]


def test_a_batch_with_a_change_set(client, api):
    batch = client.batch.new()
    batch.records.create(TABLE, {"dh_externalid": "v1", "dh_name": "a"})
    with batch.changeset() as changes:
        contact = changes.records.create("contact", {"lastname": "x"})
        changes.records.create("dh_spotlerjob", {"dh_tag": "vip", "dh_CustomerId_contact@odata.bind": contact})
    batch.records.list(TABLE, select=["dh_name"])
    result = batch.execute()

    assert [item.status_code for item in result.responses] == [204, 204, 204, 200]
    assert result.responses[1].entity_id == api.rows("dh_spotlerjobs")[0]["_dh_customerid_value"]


def test_a_batch_that_fails_in_part(client, api):
    batch = client.batch.new()
    batch.records.create(TABLE, {"dh_externalid": "v1"})
    batch.records.create(TABLE, {"dh_externalid": "v1"})
    with batch.changeset() as changes:
        changes.records.create(TABLE, {"dh_externalid": "v2"})
        changes.records.create(TABLE, {"dh_externalid": "v1"})
    batch.records.create(TABLE, {"dh_externalid": "v3"})
    result = batch.execute(continue_on_error=True)

    assert [item.status_code for item in result.responses] == [204, 412, 412, 204]
    assert result.responses[1].error_code == "0x80060892"
    assert [key for key, _ in visitors(api)] == ["v1", "v3"]


def test_a_batch_that_stops_at_a_failure(client, api):
    batch = client.batch.new()
    for key in ("v1", "v1", "v2"):
        batch.records.create(TABLE, {"dh_externalid": key})
    result = batch.execute()

    assert [item.status_code for item in result.responses] == [204, 412]
    assert [key for key, _ in visitors(api)] == ["v1"]


def test_refusals_arrive_with_their_code(client):
    with pytest.raises(HttpError) as caught:
        client.records.create("contact", {"nosuchcolumn": 1})

    assert caught.value.status_code == 400
    assert caught.value.details["service_error_code"] == "0x80048d19"


def test_throttling_arrives_as_transient_with_the_pause(client, standin):
    standin.side("faults", {"kind": "429", "path": "^contacts", "retry_after": 7})
    with pytest.raises(HttpError) as caught:
        client.records.create("contact", {"lastname": "x"})

    assert caught.value.is_transient
    assert caught.value.details["retry_after"] == 7


@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")  # what the async half does
@pytest.mark.parametrize("mode", ["small", "chunk"])
def test_the_python_client_makes_the_column_and_uploads_into_it(client, standin, api, tmp_path, mode):
    (row_id,) = standin.load("contact", {"lastname": "x"})
    file = tmp_path / "Zo\u00eb.txt" if mode == "chunk" else tmp_path / "a.txt"
    data = bytes(range(256)) * (CHUNK_BYTES // 256) + b"end"
    file.write_bytes(b"before")
    client.files.upload("contact", row_id, "new_Document", str(file), mode=mode)
    file.write_bytes(data)
    client.files.upload("contact", row_id, "new_Document", str(file), mode=mode, if_none_match=False)
    row = api.get(f"contacts({row_id})?$select=new_document,new_document_name").json()

    assert api.get(f"contacts({row_id})/new_document/$value").content == data
    assert row["new_document"]
    assert row["new_document_name"] == file.name

"""What else Microsoft's Python client reads and deletes. Files and bulk deletion are refused."""

import pytest
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.filters import col

NAMES = ["Anna", "Ben", "Cleo", "Dora"]


@pytest.fixture
def people(standin):
    (account,) = standin.load("account", {"name": "Contoso"})
    of = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    return standin.load("contact", *({"firstname": name, "lastname": "x", **of} for name in NAMES))


def names(rows):
    return [row["firstname"] for row in rows]


def test_the_builder_filters_orders_and_follows_pages(client, people):
    assert len(people) == len(NAMES)
    query = client.query.builder("contact").select("firstname").order_by("firstname", descending=True)

    assert names(query.where(col("firstname") > "A").page_size(3).execute()) == NAMES[::-1]
    either = (col("firstname") == "Anna") | col("firstname").in_(["Ben", "Nobody"])
    assert names(client.query.builder("contact").select("firstname").where(either).top(5).execute()) == ["Anna", "Ben"]


def test_a_row_and_a_list_are_read_with_the_row_that_a_lookup_points_to(client, people):
    read = client.records.retrieve("contact", people[0], select=["firstname"], expand=["parentcustomerid_account"])
    found = client.records.list(
        "contact", select=["firstname"], filter="firstname ne 'Anna'", orderby=["firstname"], top=2
    )

    assert (read["firstname"], read["parentcustomerid_account"]["name"]) == ("Anna", "Contoso")
    assert names(found) == ["Ben", "Cleo"]


def test_what_can_be_asked_for_is_found_in_the_definitions(client):
    columns = {each["name"]: each for each in client.query.sql_columns("contact")}

    assert columns["contactid"]["is_pk"] is True
    assert "firstname" in columns
    assert {each["name"] for each in client.dataframe.sql("SELECT contactid FROM contact").to_dict("records")} == set()


def test_rows_are_deleted_one_at_a_time(client, api, people):
    client.records.delete("contact", people[:2], use_bulk_delete=False)

    assert names(api.rows("contacts?$select=firstname")) == ["Cleo", "Dora"]


def test_bulk_deletion_is_refused(client, people, api):
    with pytest.raises(HttpError) as caught:
        client.records.delete("contact", people)

    assert caught.value.status_code == 404
    assert len(api.rows("contacts?$select=firstname")) == len(NAMES)


def test_a_file_is_refused(client, people, tmp_path):
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")

    with pytest.raises(HttpError) as caught:
        client.files.upload("contact", people[0], "new_Document", str(tmp_path / "a.txt"))

    assert caught.value.status_code in (400, 404)

from uuid import uuid4

import pytest

from tests.contract.dataverse_standin.support import error_code

SET, TABLE = "dh_websitevisitors", "dh_websitevisitor"


def names(api):
    return [row["dh_name"] for row in api.rows(f"{SET}?$select=dh_name")]


def test_create_multiple_answers_the_ids_in_order(api):
    response = api.bulk(SET, "CreateMultiple", TABLE, [{"dh_name": name} for name in "abc"])
    ids = response.json()["Ids"]

    assert response.status_code == 200
    assert [api.get(f"{SET}({row_id})").json()["dh_name"] for row_id in ids] == ["a", "b", "c"]


def test_create_multiple_is_all_or_nothing(api, standin):
    response = api.bulk(SET, "CreateMultiple", TABLE, [{"dh_name": "a"}, {"dh_rating": "high"}])

    assert (response.status_code, error_code(response)) == (400, "0x80048d19")
    assert names(api) == []
    assert standin.side("journal") == []


def test_update_multiple_changes_rows_by_id(api):
    rows = [api.create(SET, dh_name=name) for name in "ab"]
    targets = [{f"{TABLE}id": row, "dh_name": name} for row, name in zip(rows, "AB", strict=True)]

    assert api.bulk(SET, "UpdateMultiple", TABLE, targets).status_code == 204
    assert names(api) == ["A", "B"]


@pytest.mark.parametrize("action", ["UpdateMultiple", "CreateMultiple"])
def test_only_upsert_multiple_finds_rows_by_alternate_key(api, action):
    row = api.create(SET, dh_name="a", dh_externalid="v1")
    for address in (f"{SET}(dh_externalid='v1')", f"{SET}(dh_externalid='v2')", f"{SET}({row})"):
        response = api.bulk(SET, action, TABLE, [{"@odata.id": address, "dh_name": "A"}])
        assert (response.status_code, error_code(response)) == (400, "0x80040203")

    assert names(api) == ["a"]


def test_update_multiple_does_not_find_rows_by_the_column_of_an_alternate_key(api):
    api.create(SET, dh_name="a", dh_externalid="v1")

    assert api.bulk(SET, "UpdateMultiple", TABLE, [{"dh_externalid": "v1", "dh_name": "A"}]).status_code == 400
    assert names(api) == ["a"]


def test_update_multiple_with_a_missing_row_changes_nothing(api):
    row = api.create(SET, dh_name="a")
    targets = [{f"{TABLE}id": row, "dh_name": "A"}, {f"{TABLE}id": str(uuid4()), "dh_name": "B"}]
    response = api.bulk(SET, "UpdateMultiple", TABLE, targets)

    assert (response.status_code, error_code(response)) == (404, "0x80040217")
    assert names(api) == ["a"]


def test_upsert_multiple_updates_and_creates(api):
    api.create(SET, dh_name="a", dh_externalid="v1")
    targets = [{"@odata.id": f"{SET}(dh_externalid='{key}')", "dh_name": key.upper()} for key in ("v1", "v2")]
    new_id = str(uuid4())

    assert api.bulk(SET, "UpsertMultiple", TABLE, [*targets, {f"{TABLE}id": new_id, "dh_name": "c"}]).status_code == 204
    assert names(api) == ["V1", "V2", "c"]
    assert api.get(f"{SET}({new_id})").status_code == 200
    assert api.get(f"{SET}(dh_externalid='v2')").json()["dh_name"] == "V2"


@pytest.mark.parametrize("action", ["UpdateMultiple", "UpsertMultiple"])
def test_a_row_may_be_named_once_only(api, action):
    row = api.create(SET, dh_name="a")
    targets = [{f"{TABLE}id": row, "dh_name": name} for name in "AB"]

    assert api.bulk(SET, action, TABLE, targets).status_code == 400
    assert names(api) == ["a"]


def test_a_row_may_be_named_once_only_whether_by_id_or_by_alternate_key(api):
    row = api.create(SET, dh_name="a", dh_externalid="v1")
    targets = [{f"{TABLE}id": row, "dh_name": "A"}, {"@odata.id": f"{SET}(dh_externalid='V1')", "dh_name": "B"}]

    assert api.bulk(SET, "UpsertMultiple", TABLE, targets).status_code == 400
    assert names(api) == ["a"]


def test_a_new_row_may_be_named_once_only(api):
    targets = [{"@odata.id": f"{SET}(dh_externalid='v1')", "dh_name": "A"}] * 2

    assert api.bulk(SET, "UpsertMultiple", TABLE, targets).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no targets"),
        pytest.param({"Targets": []}, id="empty"),
        pytest.param({"Targets": [{"dh_name": "a"}]}, id="no type"),
        pytest.param({"Targets": [{"@odata.type": "Microsoft.Dynamics.CRM.contact"}]}, id="type of another table"),
        pytest.param({"Targets": ["a"]}, id="no entity"),
        pytest.param({"Targets": [{"@odata.type": f"Microsoft.Dynamics.CRM.{TABLE}", "@odata.etag": "x"}]}, id="etag"),
        pytest.param({"Targets": [{"@odata.type": f"Microsoft.Dynamics.CRM.{TABLE}"}], "More": 1}, id="more"),
    ],
)
@pytest.mark.parametrize("action", ["CreateMultiple", "UpdateMultiple", "UpsertMultiple"])
def test_bodies_that_are_refused(api, action, body):
    if action == "CreateMultiple" and "More" in body:
        body = {**body, "Targets": [{**body["Targets"][0], "dh_name": "a"}]}

    assert api.post(f"{SET}/Microsoft.Dynamics.CRM.{action}", body).status_code == 400
    assert names(api) == []


def test_update_multiple_needs_a_key(api):
    assert api.bulk(SET, "UpdateMultiple", TABLE, [{"dh_name": "a"}]).status_code == 400


def test_a_bulk_message_is_one_request(api, standin):
    standin.side("calls/reset", {})
    api.bulk(SET, "CreateMultiple", TABLE, [{"dh_name": "a"}] * 10)

    assert standin.side("calls")["calls"] == [{"method": "POST", "set": "CreateMultiple", "status": 200, "count": 1}]

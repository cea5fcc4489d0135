import pytest

from connector.dataverse.api import (
    Conflict,
    Duplicate,
    Forbidden,
    NotFound,
    Query,
    etag,
    filters,
    formatted,
    lookup_id,
    lookup_table,
)
from connector.dataverse.api.batch import BatchRequest
from connector.dataverse.names import Account, Contact, Info, Job, lookup_value
from connector.errors import Misconfigured, Refused


def test_a_row_is_created_read_and_changed(dataverse, door):
    row_id = dataverse.create(Contact.SET, {"lastname": "O'Neil ✓", "emailaddress1": "a@example.org"})

    row = dataverse.retrieve(Contact.SET, row_id, ["lastname"])
    dataverse.update(Contact.SET, row_id, {"lastname": "Zoë"}, if_match=etag(row))

    assert row["lastname"] == "O'Neil ✓"
    assert dataverse.retrieve(Contact.SET, row_id, ["lastname"])["lastname"] == "Zoë"
    assert [(entry["message"], entry["tag"]) for entry in door.journal("contact")] == [
        ("Create", "spotler-connector"),
        ("Update", "spotler-connector"),
    ]


def test_an_old_version_is_a_conflict(dataverse):
    row_id = dataverse.create(Contact.SET, {"lastname": "A"})
    old = etag(dataverse.retrieve(Contact.SET, row_id, ["lastname"]))
    dataverse.update(Contact.SET, row_id, {"lastname": "B"})

    with pytest.raises(Conflict):
        dataverse.update(Contact.SET, row_id, {"lastname": "C"}, if_match=old)


def test_a_row_that_does_not_exist_is_neither_read_nor_made_by_an_update(dataverse, door, new_id):
    with pytest.raises(NotFound):
        dataverse.retrieve(Contact.SET, new_id(), ["lastname"])
    with pytest.raises(NotFound):
        dataverse.update(Contact.SET, new_id(), {"lastname": "A"})
    assert door.rows("contact") == []


def test_a_row_is_found_by_its_alternate_key(dataverse, door):
    door.load("dh_spotlerinfo", {Info.RECORD: "it's / ë", Info.NAME: "found"})

    row = dataverse.retrieve(Info.SET, filters.key({Info.RECORD: "it's / ë"}), [Info.NAME])

    assert row[Info.NAME] == "found"
    with pytest.raises(NotFound):
        dataverse.retrieve(Info.SET, filters.key({Info.RECORD: "other"}), [Info.NAME])


def test_a_second_row_with_the_same_key_is_a_duplicate(dataverse):
    dataverse.create(Info.SET, {Info.RECORD: "x"})

    with pytest.raises(Duplicate):
        dataverse.create(Info.SET, {Info.RECORD: "x"})


def test_a_missing_privilege_is_named(dataverse, door):
    (row_id,) = door.load("contact", {"lastname": "A"})

    (answer,) = dataverse.batch([BatchRequest.delete(Contact.SET, row_id)])

    assert isinstance(answer.error, Forbidden)
    assert "prvDelete" in answer.error.sentence
    assert len(door.rows("contact")) == 1


def test_an_unknown_table_is_misconfigured(dataverse):
    with pytest.raises(Misconfigured):
        dataverse.query("dh_nonsenses", select=["dh_name"])


def test_an_unknown_column_is_refused_or_misconfigured(dataverse):
    with pytest.raises((Refused, Misconfigured)):
        dataverse.query(Contact.SET, select=["dh_nonsense"])
    with pytest.raises((Refused, Misconfigured)):
        dataverse.create(Contact.SET, {"dh_nonsense": 1})


def test_all_pages_are_read(dataverse, door):
    door.load("contact", *({"lastname": f"{number:02d}"} for number in range(25)))
    query = Query(set_name=Contact.SET, select=["lastname"], orderby=["lastname desc"], page_size=10)

    pages = list(dataverse.pages(query))

    assert [len(page) for page in pages] == [10, 10, 5]
    assert [row["lastname"] for page in pages for row in page] == [f"{number:02d}" for number in reversed(range(25))]


def test_filters_find_what_they_say(dataverse, door):
    names = ["O'Neil & Zn + 100%", "it's #1?", "plain"]
    ids = door.load("contact", *({"lastname": name, "donotemail": name == "plain"} for name in names))

    def found(condition):
        rows = dataverse.query(Contact.SET, select=["lastname"], filter=condition)
        return {row["lastname"] for row in rows}

    for name in names:
        assert found(filters.eq("lastname", name)) == {name}
    assert found(filters.in_("lastname", names[:2])) == set(names[:2])
    assert found(filters.in_(Contact.ID, ids[1:])) == set(names[1:])
    assert found(filters.eq(Contact.ID, filters.guid(ids[2]))) == {"plain"}
    assert found(filters.eq("donotemail", True)) == {"plain"}
    assert found(filters.and_(filters.eq("donotemail", False), filters.ne("lastname", names[0]))) == {names[1]}
    assert found(filters.or_(filters.eq("lastname", "plain"), filters.eq("lastname", names[0]))) == {names[0], "plain"}
    assert found(filters.eq("firstname", None)) == set(names)


def test_a_query_with_thousands_of_ids_travels_in_a_batch(connected, door, new_id):
    (row_id,) = door.load("contact", {"lastname": "A"})
    records = []
    ids = [row_id, *(new_id() for _ in range(1000))]

    rows = connected(records).query(Contact.SET, select=["lastname"], filter=filters.in_(Contact.ID, ids))

    assert [row["lastname"] for row in rows] == ["A"]
    assert [(record.method, record.route) for record in records] == [("POST", "$batch")]


def test_labels_and_targets_of_lookups_are_shown_when_asked_for(dataverse, door):
    (account,) = door.load("account", {"name": "Example"})
    job_id = dataverse.create(
        Job.SET,
        {
            Job.NAME: "x",
            Job.OPERATION: 100000003,
            f"{Job.CUSTOMER_ACCOUNT_NAVIGATION}@odata.bind": f"/{Account.SET}({account})",
        },
    )

    (row,) = dataverse.query(
        Job.SET,
        select=[Job.STATUS, lookup_value(Job.CUSTOMER)],
        filter=filters.eq(lookup_value(Job.CUSTOMER), filters.guid(account)),
        annotations=True,
    )

    assert row[Job.ID] == job_id
    assert lookup_id(row, Job.CUSTOMER) == account
    assert lookup_table(row, Job.CUSTOMER) == "account"
    assert formatted(row, Job.STATUS)

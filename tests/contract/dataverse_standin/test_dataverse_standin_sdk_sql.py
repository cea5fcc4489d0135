"""SQL and data frames of Microsoft's Python client, as its documentation shows them."""

import pytest
from PowerPlatform.Dataverse.core.errors import HttpError, ValidationError

ACCOUNTS = ({"name": "Contoso", "revenue": 10}, {"name": "Fabrikam", "revenue": 30}, {"name": "Litware"})


@pytest.fixture
def people(standin):
    """Two contacts of Contoso, one of Fabrikam, none of Litware."""
    contoso, fabrikam, _ = standin.load("account", *({"name": each["name"]} for each in ACCOUNTS))
    of = "parentcustomerid_account@odata.bind"
    return standin.load(
        "contact",
        {"firstname": "Anna", "lastname": "Bos", "numberofchildren": 2, of: f"/accounts({contoso})"},
        {"firstname": "Ben", "lastname": "O'Neil", "numberofchildren": 3, of: f"/accounts({contoso})"},
        {"firstname": "Cleo", "lastname": "Vos", of: f"/accounts({fabrikam})"},
    )


def rows(client, sql):
    return [dict(each) for each in client.query.sql(sql)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("firstname = 'Anna'", ["Anna"]),
        ("lastname = 'O''Neil'", ["Ben"]),
        ("firstname != 'Anna'", ["Ben", "Cleo"]),
        ("numberofchildren <> 2", ["Ben"]),
        ("numberofchildren >= 2 AND numberofchildren < 3", ["Anna"]),
        ("firstname LIKE 'A%'", ["Anna"]),
        ("firstname NOT LIKE 'A%'", ["Ben", "Cleo"]),
        ("firstname IN ('Anna', 'Cleo')", ["Anna", "Cleo"]),
        ("numberofchildren NOT IN (2)", ["Ben"]),
        ("numberofchildren BETWEEN 2 AND 3", ["Anna", "Ben"]),
        ("numberofchildren NOT BETWEEN 1 AND 2", ["Ben"]),
        ("numberofchildren IS NULL", ["Cleo"]),
        ("numberofchildren IS NOT NULL AND (firstname = 'Ben' OR lastname = 'Vos')", ["Ben"]),
    ],
)
def test_conditions(client, people, condition, found):
    assert len(people) == 3
    sql = "SELECT firstname FROM contact WHERE {} ORDER BY firstname"

    assert rows(client, sql.format(condition)) == [{"firstname": name} for name in found]


def test_order_top_and_a_window_of_rows(client, people):
    assert len(people) == 3
    assert rows(client, "SELECT TOP 2 firstname AS name FROM contact ORDER BY name DESC") == [
        {"name": "Cleo"}, {"name": "Ben"},
    ]  # fmt: skip
    window = "SELECT firstname FROM contact ORDER BY firstname OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY"
    assert rows(client, window) == [{"firstname": "Ben"}]


def test_joins_and_groups(client, people):
    assert len(people) == 3
    joined = "SELECT c.firstname, a.name FROM contact c JOIN account a ON c.parentcustomerid = a.accountid "
    assert rows(client, joined + "WHERE a.name = 'Contoso' ORDER BY c.firstname") == [
        {"firstname": "Anna", "name": "Contoso"}, {"firstname": "Ben", "name": "Contoso"},
    ]  # fmt: skip
    counted = (
        "SELECT a.name, COUNT(c.contactid) as cnt FROM account a "
        "LEFT JOIN contact c ON a.accountid = c.parentcustomerid GROUP BY a.name ORDER BY a.name"
    )
    assert rows(client, counted) == [
        {"name": "Contoso", "cnt": 2}, {"name": "Fabrikam", "cnt": 1}, {"name": "Litware", "cnt": 0},
    ]  # fmt: skip
    (figures,) = rows(
        client,
        "SELECT COUNT(*) AS n, SUM(numberofchildren) AS total, MIN(numberofchildren) AS least, "
        "MAX(numberofchildren) AS most, AVG(numberofchildren) AS mean FROM contact",
    )
    assert figures == {"n": 3, "total": 5, "least": 2, "most": 3, "mean": 2}


def test_equal_rows_are_shown_once(client, standin):
    standin.load("contact", {"lastname": "x"}, {"lastname": "x"}, {"lastname": "y"})

    assert rows(client, "SELECT DISTINCT lastname FROM contact ORDER BY lastname") == [
        {"lastname": "x"}, {"lastname": "y"},
    ]  # fmt: skip


def test_pages_are_followed(client, standin):
    standin.load("contact", *({"lastname": f"{number:05}"} for number in range(5_003)))

    found = rows(client, "SELECT lastname FROM contact ORDER BY lastname")

    assert (len(found), found[-1]["lastname"]) == (5_003, "05002")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT TOP 6000 lastname FROM contact",
        "SELECT UPPER(lastname) FROM contact",
        "SELECT nosuch FROM contact",
        "SELECT lastname FROM contact WHERE lastname",
        "SELECT lastname FROM contact OFFSET 1 ROWS",
        "SELECT lastname, firstname FROM contact GROUP BY lastname",
        "SELECT a.name, b.name FROM account a JOIN account b ON a.parentaccountid = b.accountid",
    ],
)
def test_what_is_not_of_the_subset_is_refused(client, sql):
    with pytest.raises(HttpError) as caught:
        client.query.sql(sql)

    assert caught.value.status_code == 400


@pytest.mark.filterwarnings("ignore:Query uses an implicit cross join")
def test_tables_are_joined_by_a_condition_only(client):
    with pytest.raises(HttpError):
        client.query.sql("SELECT lastname FROM contact, account")


def test_what_the_client_refuses_by_itself(client):
    for sql in ("SELECT * FROM contact", "DELETE FROM contact", "SELECT a FROM b UNION SELECT a FROM b"):
        with pytest.raises(ValidationError):
            client.query.sql(sql)


def test_a_query_becomes_a_data_frame(client, people):
    assert len(people) == 3
    frame = client.dataframe.sql("SELECT firstname, numberofchildren FROM contact ORDER BY firstname")

    assert list(frame.columns) == ["firstname", "numberofchildren"]
    assert frame["firstname"].tolist() == ["Anna", "Ben", "Cleo"]
    assert frame["numberofchildren"].sum() == 5


def test_rows_of_a_data_frame_are_made_changed_and_deleted(client, api):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([{"firstname": "Anna", "lastname": "Bos"}, {"firstname": "Ben", "lastname": "Vos"}])
    frame["contactid"] = client.dataframe.create("contact", frame)
    client.dataframe.update("contact", frame[["contactid"]].assign(lastname="Smit"), id_column="contactid")

    changed = api.rows("contacts?$select=fullname&$orderby=firstname")
    client.dataframe.delete("contact", frame["contactid"], use_bulk_delete=False)

    assert [each["fullname"] for each in changed] == ["Anna Smit", "Ben Smit"]
    assert api.rows("contacts?$select=fullname") == []


def test_queries_in_a_batch(client, people):
    assert len(people) == 3
    batch = client.batch.new()
    batch.query.sql("SELECT TOP 1 firstname FROM contact ORDER BY firstname")
    (answer,) = batch.execute().responses

    assert (answer.status_code, answer.data["value"]) == (200, [{"firstname": "Anna"}])

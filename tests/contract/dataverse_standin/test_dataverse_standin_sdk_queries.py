"""What else Microsoft's Python client reads and deletes."""

import pytest
from PowerPlatform.Dataverse.models.filters import col
from PowerPlatform.Dataverse.models.query_builder import ExpandOption

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


def test_a_builder_counts_expands_and_gives_annotations_and_data_frames(client, people):
    assert len(people) == len(NAMES)
    query = client.query.builder("contact").select("firstname")
    counted = client.query.builder("contact").select("firstname").count().execute()
    account = ExpandOption("parentcustomerid_account").select("name")
    (expanded,) = client.query.builder("contact").select("firstname").expand(account).top(1).execute()
    annotated = client.query.builder("contact").select("firstname").include_annotations("*").top(1).execute()
    shown = client.query.builder("contact").select("firstname").include_formatted_values().top(1).execute()

    pages = client.query.builder("contact").select("firstname").page_size(3).execute_pages()
    assert [len(page) for page in pages] == [3, 1]
    assert query.where(col("firstname") == "Anna").build()["filter"] == "firstname eq 'Anna'"
    assert (len(counted), len(annotated), len(shown)) == (len(NAMES), 1, 1)
    assert expanded["parentcustomerid_account"]["name"] == "Contoso"
    assert list(client.query.builder("contact").select("firstname").execute().to_dataframe()["firstname"]) == NAMES


def test_collections_are_expanded(client, people):
    roles = ExpandOption("systemuserroles_association").select("name").filter("name ne 'x'").order_by("name").top(1)
    users = client.query.builder("systemuser").select("fullname").expand(roles).execute()
    of_company = ExpandOption("contact_customer_accounts").select("firstname").filter("firstname ne 'Ben'")
    newest = of_company.order_by("firstname", descending=True).top(2)
    (company,) = client.query.builder("account").select("name").expand(newest).execute()

    assert len(people) == len(NAMES)
    assert ["Spotler Service"] in [[each["name"] for each in user["systemuserroles_association"]] for user in users]
    assert names(company["contact_customer_accounts"]) == ["Dora", "Cleo"]


def test_expansions_are_found_in_the_definitions(client):
    assert "parentcustomerid_account" in {each["nav_property"] for each in client.query.odata_expands("contact")}


@pytest.mark.filterwarnings("ignore:.*is deprecated")
@pytest.mark.parametrize("client", ["blocking"], indirect=True)
def test_what_only_the_usual_half_has_still_works(client, people):
    bound = client.query.odata_bind("contact", "account", people[0])

    assert bound == {"parentcustomerid_account@odata.bind": f"/accounts({people[0]})"}
    assert "firstname" in client.query.odata_select("contact")
    assert client.query.odata_expand("contact", "account") == "parentcustomerid_account"
    assert len(client.query.builder("contact").select("firstname").to_dataframe()) == len(NAMES)
    assert client.records.get("contact", people[0], select=["firstname"])["firstname"] == "Anna"
    assert sorted(client.dataframe.get("contact", select=["firstname"])["firstname"]) == NAMES


def test_relationships_and_columns_are_listed(client):
    one_to_many = "RelationshipType eq Microsoft.Dynamics.CRM.RelationshipType'OneToManyRelationship'"
    found = client.tables.list_relationships(filter=one_to_many, select=["SchemaName"])

    assert "account_ownerid_systemuser" in {each["SchemaName"] for each in found}
    assert client.tables.get_column("contact", "firstname")["LogicalName"] == "firstname"
    assert client.tables.get_column("contact", "nosuch") is None
    assert client.flush_cache("picklist") >= 0

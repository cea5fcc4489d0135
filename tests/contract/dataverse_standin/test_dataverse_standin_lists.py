"""Marketing lists: their members, the actions that change them, what each refuses, and what tells of it."""

import json

import pytest

from connector.dataverse.names import Job
from connector.dataverse.schema import Step
from tests.contract.dataverse_standin.support import created_id, error_code
from tests.contract.posting import PostingScene

NAMESPACE = "Microsoft.Dynamics.CRM"
TABLES = {"account": 1, "contact": 2, "lead": 4}
PEOPLE = {"contact": {"lastname": "x"}, "lead": {"lastname": "x"}, "account": {"name": "x"}}


class Lists:
    """What people and flows do with lists."""

    def __init__(self, standin):
        self.standin, self.api = standin, standin.admin

    def create(self, table="contact", **values):
        return self.api.create("lists", listname="Friends", createdfromcode=TABLES[table], **values)

    def person(self, table="contact", **values):
        (row_id,) = self.standin.load(table, {**PEOPLE[table], **values})
        return row_id

    def act(self, list_id, action, **body):
        return self.api.post(f"lists({list_id})/{NAMESPACE}.{action}", body)

    def add(self, list_id, *people, table="contact"):
        members = [{"@odata.type": f"{NAMESPACE}.{table}", f"{table}id": each} for each in people]
        return self.api.post(
            "AddListMembersList", {"List": {"@odata.type": f"{NAMESPACE}.list", "listid": list_id}, "Members": members}
        )

    def row(self, list_id):
        return self.api.get(f"lists({list_id})").json()

    def members(self, list_id):
        rows = self.api.rows(f"listmembers?$filter=_listid_value eq {list_id}")
        return sorted(row["_entityid_value"] for row in rows)

    def journal(self):
        return [(e["table"], e["message"]) for e in self.standin.side("journal") if not e["cascaded"]]


@pytest.fixture
def lists(standin):
    return Lists(standin)


@pytest.mark.parametrize("table", TABLES)
def test_members_of_each_type_are_added_and_removed(lists, table):
    row, first, second = lists.create(table), lists.person(table), lists.person(table)

    added = lists.act(row, "AddMemberList", EntityId=first)
    many = lists.add(row, first, second, table=table)

    assert (added.status_code, many.status_code) == (200, 204)
    assert lists.members(row) == sorted([first, second])
    assert lists.row(row)["membercount"] == 2
    (member,) = lists.api.rows(f"listmembers?$filter=listmemberid eq {added.json()['Id']}")
    assert (member["_entityid_value"], member["entitytype"]) == (first, table)

    assert lists.act(row, "RemoveMemberList", EntityId=first).status_code == 204
    assert lists.members(row) == [second]
    assert lists.row(row)["membercount"] == 1


def test_the_messages_of_the_actions_are_those_of_the_list(lists):
    row, person = lists.create(), lists.person()
    lists.act(row, "AddMemberList", EntityId=person)
    lists.add(row, lists.person())
    lists.act(row, "RemoveMemberList", EntityId=person)

    assert lists.journal()[1:] == [("list", "AddMember"), ("list", "AddListMembers"), ("list", "RemoveMember")]


def test_somebody_is_a_member_once(lists):
    row, person = lists.create(), lists.person()
    first = lists.act(row, "AddMemberList", EntityId=person).json()["Id"]
    again = lists.act(row, "AddMemberList", EntityId=person).json()["Id"]
    posted = lists.api.post(
        "listmembers", {"listid@odata.bind": f"/lists({row})", "entityid_contact@odata.bind": f"/contacts({person})"}
    )

    assert (again, created_id(posted)) == (first, first)
    assert lists.row(row)["membercount"] == 1


def test_a_member_is_created_and_deleted_as_a_row(lists):
    row, person = lists.create(), lists.person()
    bound = {"listid@odata.bind": f"/lists({row})", "entityid_contact@odata.bind": f"/contacts({person})"}
    member = lists.api.create("listmembers", **bound)
    assert lists.row(row)["membercount"] == 1

    assert lists.api.delete(f"listmembers({member})").status_code == 204
    assert lists.row(row)["membercount"] == 0
    assert lists.journal()[1:] == [("listmember", "Create"), ("listmember", "Delete")]


def test_a_row_of_members_is_neither_read_nor_updated(lists):
    row, person = lists.create(), lists.person()
    member = lists.act(row, "AddMemberList", EntityId=person).json()["Id"]

    read = lists.api.get(f"listmembers({member})")
    written = lists.api.patch(f"listmembers({member})", {})
    bulk = lists.api.bulk("listmembers", "UpdateMultiple", "listmember", [{"listmemberid": member}])

    assert [(each.status_code, error_code(each)) for each in (read, written, bulk)] == [(400, "0x80040800")] * 3


def test_the_members_are_a_collection_on_both_sides(lists):
    row, people = lists.create(), sorted(lists.person() for _ in range(3))
    lists.add(row, *people)
    page = lists.api.get(
        f"lists({row})/listcontact_association?$select=contactid&$orderby=contactid", prefer="odata.maxpagesize=2"
    ).json()
    rest = lists.api.session.get(page["@odata.nextLink"], headers={"Prefer": "odata.maxpagesize=2"}).json()

    assert [each["contactid"] for each in page["value"] + rest["value"]] == people
    assert [each["listid"] for each in lists.api.rows(f"contacts({people[0]})/listcontact_association")] == [row]
    assert lists.api.rows(f"lists({row})/listlead_association") == []


def test_a_dynamic_list_is_copied_to_a_locked_one(lists):
    people = [lists.person(lastname="Jansen"), lists.person(lastname="Jansen")]
    lists.person(lastname="Bakker")
    query = (
        '<fetch><entity name="contact"><filter><condition attribute="lastname" operator="eq" value="jansen"/></filter>'
        "</entity></fetch>"
    )
    row = lists.create(type=True, query=query)
    copy = lists.act(row, "CopyDynamicListToStatic").json()["StaticListId"]
    shown = lists.row(copy)

    assert lists.members(copy) == sorted(people)
    assert [shown[name] for name in ("type", "lockstatus", "membercount", "listname")] == [False, True, 2, "Friends"]
    assert lists.row(row)["membercount"] is None
    assert ("list", "CopyDynamicListToStatic") in lists.journal()


def test_members_are_copied_without_a_message(lists):
    source, target, people = lists.create(), lists.create(), sorted(lists.person() for _ in range(2))
    lists.add(source, *people)
    before = lists.journal()

    assert lists.act(source, "CopyMembersList", TargetListId=target).status_code == 204
    assert lists.members(target) == people
    assert lists.journal() == before


def test_deleting_a_person_or_a_list_removes_members_without_a_message(lists):
    row, other, people = lists.create(), lists.create(), [lists.person(), lists.person()]
    lists.add(row, *people)
    lists.add(other, *people)
    lists.api.delete(f"contacts({people[0]})")
    assert lists.members(row) == [people[1]]
    assert lists.row(row)["membercount"] == 1

    lists.api.delete(f"lists({row})")
    assert lists.members(other) == [people[1]]
    assert lists.api.rows(f"listmembers?$filter=_listid_value eq {row}") == []
    assert lists.journal()[-2:] == [("contact", "Delete"), ("list", "Delete")]


def test_a_merge_moves_memberships_without_a_message(lists):
    kept, merged = lists.person(), lists.person()
    both, one = lists.create(), lists.create()
    lists.add(both, kept, merged)
    lists.add(one, merged)
    named = [{"@odata.type": f"{NAMESPACE}.contact", "contactid": each} for each in (kept, merged)]
    lists.api.post("Merge", {"Target": named[0], "Subordinate": named[1], "PerformParentingChecks": False})

    assert lists.members(both) == lists.members(one) == [kept]
    assert lists.journal()[-1] == ("contact", "Merge")


def locked(lists, person):
    row = lists.create()
    lists.add(row, person)
    lists.api.patch(f"lists({row})", {"lockstatus": True})
    return row


def inactive(lists, person):
    row = lists.create()
    lists.add(row, person)
    lists.api.patch(f"lists({row})", {"statecode": 1, "statuscode": 1})
    return row


def dynamic(lists, _):
    return lists.create(type=True)


@pytest.mark.parametrize(("make", "code"), [(locked, "0x80040302"), (inactive, "0x8004033A"), (dynamic, "0x8004F701")])
def test_lists_whose_members_cannot_be_changed(lists, make, code):
    person = lists.person()
    row = make(lists, person)
    source = lists.create()
    lists.add(source, person)
    refused = [
        lists.add(row, person),
        lists.act(row, "AddMemberList", EntityId=person),
        lists.act(row, "RemoveMemberList", EntityId=person),
        lists.act(source, "CopyMembersList", TargetListId=row),
    ]

    assert [(each.status_code, error_code(each)) for each in refused] == [(400, code)] * 4


def test_members_that_cannot_be_added(lists):
    row, person, lead = lists.create(), lists.person(), lists.person("lead")
    lists.api.patch(f"contacts({person})", {"statecode": 1, "statuscode": 2})
    nobody = "0f0f0f0f-0000-4000-8000-000000000001"

    refused = [
        lists.act(row, "AddMemberList", EntityId=lead),
        lists.act(row, "AddMemberList", EntityId=person),
        lists.act(row, "AddMemberList", EntityId=nobody),
        lists.act(row, "RemoveMemberList", EntityId=lead),
        lists.add(row, nobody),
    ]

    assert [error_code(each) for each in refused] == [
        "0x80040301", "0x8004033B", "0x80040217", "0x80048458", "0x80040217",
    ]  # fmt: skip
    assert lists.members(row) == []


def test_adding_many_is_all_or_nothing(lists):
    row, person, lead = lists.create(), lists.person(), lists.person("lead")
    members = [
        {"@odata.type": f"{NAMESPACE}.contact", "contactid": person},
        {"@odata.type": f"{NAMESPACE}.lead", "leadid": lead},
    ]
    body = {"List": {"@odata.type": f"{NAMESPACE}.list", "listid": row}, "Members": members}

    assert error_code(lists.api.post("AddListMembersList", body)) == "0x80040301"
    assert lists.members(row) == []
    assert lists.row(row)["membercount"] == 0


def test_what_lists_themselves_refuse(lists):
    row, dynamic_list = lists.create(), lists.create(type=True)
    refused = [
        lists.api.patch(f"lists({row})", {"query": "<fetch/>"}),
        lists.api.patch(f"lists({dynamic_list})", {"lockstatus": True}),
        lists.api.patch(f"lists({row})", {"createdfromcode": 1}),
        lists.act(row, "CopyDynamicListToStatic"),
        lists.act(row, "QualifyMemberList"),
        lists.act(row, "AddMemberList"),
    ]

    assert [error_code(each) for each in refused] == [
        "0x8004F702", "0x8004F703", "0x80040203", "0x8004F704", "0x80040203", "0x80040203",
    ]  # fmt: skip
    assert lists.act(row, "NoSuchAction").status_code == 404


def test_the_connector_reads_and_changes_members(lists, standin):
    row, person, other = lists.create(), lists.person(), lists.person()
    lists.add(row, person)

    assert len(standin.connector.rows(f"listmembers?$filter=_listid_value eq {row}")) == 1
    added = standin.connector.post(f"lists({row})/{NAMESPACE}.AddMemberList", {"EntityId": other})
    assert added.status_code == 200


def test_the_light_edition_has_no_lists(lists, standin):
    row = lists.create()
    standin.side("edition", {"light": True})

    assert [lists.api.get(path).status_code for path in ("lists", "listmembers", f"lists({row})")] == [404, 404, 404]
    assert lists.api.get("EntityDefinitions(LogicalName='list')").status_code == 404
    assert "lists" not in {each["name"] for each in lists.api.get("").json()["value"]}
    fetch = (
        '<fetch><entity name="contact"><link-entity name="listmember" from="entityid" to="contactid"/></entity></fetch>'
    )
    assert error_code(lists.api.get("contacts", params={"fetchXml": fetch})) == "0x80041102"

    standin.side("edition", {"light": False})
    assert lists.row(row)["listname"] == "Friends"


def test_the_light_edition_has_no_columns_that_point_to_lists(lists, standin):
    row, column = lists.create(), f"_{Job.LIST}_value"
    bind = {f"{Job.LIST_NAVIGATION}@odata.bind": f"/lists({row})"}
    job, person = lists.api.create(Job.SET, **{Job.NAME: "x", **bind}), lists.person()
    queries = (
        {"$select": column},
        {"$filter": f"{column} eq null"},
        {"$filter": f"{Job.LIST_NAVIGATION}/listname eq 'x'"},
        {"$orderby": column},
        {"$expand": Job.LIST_NAVIGATION},
        {"fetchXml": f'<fetch><entity name="{Job.TABLE}"><attribute name="{Job.LIST}"/></entity></fetch>'},
    )
    attribute = f"EntityDefinitions(LogicalName='{Job.TABLE}')/Attributes?$filter=LogicalName eq '{Job.LIST}'"

    def seen():
        return [
            *(lists.api.get(Job.SET, params=each).status_code for each in queries),
            column in lists.api.get(f"{Job.SET}({job})").json(),
            len(lists.api.get(attribute).json()["value"]),
            lists.api.get(f"contacts({person})/listcontact_association").status_code,
        ]

    assert seen() == [200] * 6 + [True, 1, 200]
    standin.side("edition", {"light": True})

    assert seen() == [400] * 6 + [False, 0, 404]
    assert error_code(lists.api.get(Job.SET, params=queries[0])) == "0x80060888"
    assert lists.api.post(Job.SET, {Job.NAME: "x", **bind}).status_code == 400

    standin.side("edition", {"light": False})
    assert lists.api.get(f"{Job.SET}({job})").json()[column] == row


def test_steps_post_the_messages_of_lists():
    scene = PostingScene((Step("AddMember", "list"), Step("Delete", "listmember", pre_image=("listid", "entityid"))))
    row = scene.call("POST", "lists", {"listname": "Friends", "createdfromcode": 2})
    person = scene.call("POST", "contacts", {"lastname": "x"})
    scene.call("POST", f"lists({row})/{NAMESPACE}.AddMemberList", {"EntityId": person})
    (member,) = scene.environment.store.tables["listmember"].rows
    scene.call("DELETE", f"listmembers({member})")

    added, deleted = (json.loads(scene.environment.contexts.message(each).body) for each in scene.postings)
    assert (added["MessageName"], added["PrimaryEntityName"], added["PrimaryEntityId"]) == ("AddMember", "list", row)
    assert added["InputParameters"] == [{"key": "ListId", "value": row}, {"key": "EntityId", "value": person}]
    assert added["OutputParameters"] == [{"key": "Id", "value": member}]
    assert (deleted["MessageName"], deleted["PrimaryEntityName"]) == ("Delete", "listmember")
    (image,) = deleted["PreEntityImages"]
    assert {each["key"] for each in image["value"]["Attributes"]} == {"listmemberid", "listid", "entityid"}

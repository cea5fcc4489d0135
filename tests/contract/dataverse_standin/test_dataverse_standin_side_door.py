import pytest
import requests

from tests.contract.dataverse_standin.support import DEADLINE_SECONDS


def test_reset_leaves_only_the_users(standin):
    standin.load("contact", {"lastname": "x"})
    standin.side("reset", {})

    assert standin.side("rows/contact") == []
    assert len(standin.side("rows/systemuser")) == 2


def test_fixtures_take_columns_that_clients_cannot_write(standin):
    owner = standin.ready.user_id
    standin.load(
        "contact",
        {
            "lastname": "x",
            "createdon": "2020-01-01T00:00:00Z",
            "_ownerid_value": owner,
            "_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "systemuser",
        },
    )
    (row,) = standin.side("rows/contact")

    assert (row["createdon"], row["_ownerid_value"]) == ("2020-01-01T00:00:00Z", owner)
    assert row["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"


def test_fixtures_with_unknown_columns_are_refused_whole(standin):
    response = requests.post(
        f"{standin.ready.url}/_sandbox/rows",
        json={"contact": [{"lastname": "x"}, {"nosuch": "x"}]},
        verify=standin.ready.ca_file,
        timeout=DEADLINE_SECONDS,
    )

    assert response.status_code == 400
    assert standin.side("rows/contact") == []


def test_the_journal_shows_every_write_in_order(standin):
    job = standin.admin.create("dh_spotlerjobs", dh_tag="vip")
    standin.connector.patch(f"dh_spotlerjobs({job})?tag=mine", {"statuscode": 100000001, "dh_tag": "vip"})
    standin.admin.delete(f"dh_spotlerjobs({job})")
    created, updated, deleted = standin.side("journal?table=dh_spotlerjob")

    assert [entry["message"] for entry in (created, updated, deleted)] == ["Create", "Update", "Delete"]
    assert created["seq"] < updated["seq"] < deleted["seq"]
    assert (created["user"], updated["user"]) == (standin.ready.admin_user_id, standin.ready.user_id)
    assert created["changes"]["dh_tag"] == {"from": None, "to": "vip"}
    assert updated["changes"] == {"statuscode": {"from": 1, "to": 100000001}}
    assert (updated["tag"], updated["id"]) == ("mine", job)
    assert standin.side(f"journal?after={updated['seq']}") == [deleted]


def test_what_was_refused_is_not_in_the_journal(standin):
    standin.admin.post("contacts", {"nosuch": 1})

    assert standin.side("journal") == []


def test_calls_are_counted_by_method_set_and_status(standin):
    standin.side("calls/reset", {})
    standin.admin.post("contacts", {"lastname": "x"})
    standin.admin.get("contacts?$top=1")
    standin.admin.get("nosuch")

    report = standin.side("calls")
    assert report["total"] == 3
    assert {(call["method"], call["set"], call["status"]) for call in report["calls"]} == {
        ("POST", "contacts", 204),
        ("GET", "contacts", 200),
        ("GET", "nosuch", 404),
    }


@pytest.mark.parametrize(
    ("path", "content"),
    [("limits", {"nosuch": 1}), ("steps", {"shuffled": True}), ("faults", {"kind": "nosuch"}), ("faults", {"x": 1})],
)
def test_orders_that_make_no_sense_are_refused(standin, path, content):
    response = requests.post(
        f"{standin.ready.url}/_sandbox/{path}", json=content, verify=standin.ready.ca_file, timeout=DEADLINE_SECONDS
    )

    assert response.status_code == 400


def test_the_revision_changes_with_everything_that_happens_and_only_then(standin):
    def revision():
        return standin.side("revision")["revision"]

    seen = [revision(), revision()]
    assert seen[0] == seen[1]
    for act in (
        lambda: standin.admin.post("contacts", {"lastname": "x"}),
        lambda: standin.side("clock", {"move_seconds": 60}),
        lambda: standin.side("faults", {"kind": "429", "path": "^nothing"}),
        lambda: standin.side("steps", {"drop_next": 1}),
    ):
        act()
        seen.append(revision())

    assert len(set(seen)) == len(seen) - 1

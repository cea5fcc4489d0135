from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.spotler.support import error_of

DAY = "2024-05-01"
INTERVAL = {"fromDate": "2024-05-01T00:00:00Z", "toDate": "2024-06-01T00:00:00Z"}
FEEDS = ["updates", "bounces", "optouts"]


@pytest.fixture
def may(door):
    """It is May 2024, and the clock stands still."""
    door.clock(set="2024-05-01T10:00:00Z", stopped=True)
    return door


def seven_changed(door):
    for number in range(7):
        door.contacts({"externalId": f"c-{number}", "properties": {"email": f"u{number}@example.org"}})
        if number % 2:
            door.clock(advance_s=1)


def test_newest_base_answers_envelopes_and_iso_dates(api, may):
    seven_changed(may)

    body = api.get("/contact/updates/list", **INTERVAL, pageSize=3).json()

    assert set(body) == {"paging", "contacts"}
    assert body["paging"]["after"] == 3
    assert body["contacts"][0]["lastChanged"] == "2024-05-01T12:00:00.000+02:00"


def test_frozen_base_answers_arrays_and_numbers(frozen, may):
    seven_changed(may)

    body = frozen.get("/contact/updates/list", **INTERVAL).json()

    assert [each["externalId"] for each in body] == [f"c-{number}" for number in range(7)]
    assert body[0]["created"] == 1714557600000


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_have_neither_gaps_nor_repeats(api, may, size):
    seven_changed(may)
    seen, after = [], 0
    while True:
        body = api.get("/contact/updates/list", **INTERVAL, pageSize=size, after=after).json()
        seen += [each["externalId"] for each in body["contacts"]]
        after = body["paging"]["after"]
        if "next" not in body["paging"]:
            break

    assert (seen, after) == ([f"c-{number}" for number in range(7)], 7)


def test_next_is_absolute_without_oauth_and_can_be_followed(api, may):
    seven_changed(may)
    body = api.get("/contact/updates/list", **INTERVAL, pageSize=5, after="").json()

    following = body["paging"]["next"]
    assert following.startswith(f"{api.url}/integrationservice/contact/updates/list?")
    assert "oauth" not in following
    rest = api.session.get(following, timeout=10).json()
    assert [each["externalId"] for each in rest["contacts"]] == ["c-5", "c-6"]


@pytest.mark.usefixtures("may")
def test_page_beyond_the_end_is_empty(api, frozen):
    assert frozen.get("/contact/updates/list", **INTERVAL, after=50).json() == []
    body = api.get("/contact/updates/list", **INTERVAL, pageSize=5, after=50).json()
    assert body == {"paging": {"after": 50}, "contacts": []}


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("name", ["fromDate", "toDate"])
@pytest.mark.parametrize("value", [None, "", "soon", "2024-13-01", "2024-05-01T00:00:00 02:00", "20240501"])
def test_missing_or_wrong_date_is_400_naming_it(api, frozen, feed, name, value):
    for base in (api, frozen):
        answer = base.get(f"/contact/{feed}/list", **(INTERVAL | {name: value}), pageSize=10)

        assert error_of(answer) == (400, "INVALID_PARAMS")
        assert name in answer.json()["message"]


@pytest.mark.usefixtures("may")
@pytest.mark.parametrize("feed", FEEDS)
def test_page_size_is_required_by_the_newest_base_only(api, frozen, feed):
    assert error_of(api.get(f"/contact/{feed}/list", **INTERVAL)) == (400, "INVALID_PARAMS")
    assert frozen.get(f"/contact/{feed}/list", **INTERVAL).status_code == 200


@pytest.mark.parametrize("page", [{"pageSize": 0}, {"pageSize": "many"}, {"after": -1}, {"after": "x"}])
def test_wrong_page_is_400(api, page):
    answer = api.get("/contact/updates/list", **INTERVAL, **({"pageSize": 5} | page))

    assert error_of(answer) == (400, "INVALID_PARAMS")


@pytest.mark.parametrize(
    "start",
    [
        "2024-05-01T12:00:00+02:00",
        "2024-05-01T12:00:00.000+0200",
        "2024-05-01T10:00:00Z",
        "2024-05-01T10:00:00.000Z",
        "2024-05-01T12:00:00",  # the zone of the account
        "1714557600000",
    ],
)
def test_date_variants_name_the_same_moment(frozen, may, start):
    may.contacts({"externalId": "at", "properties": {"email": "a@example.org"}})

    def feed(**interval):
        found = frozen.get("/contact/updates/list", **(INTERVAL | interval)).json()
        return [each["externalId"] for each in found]

    assert feed(fromDate=start) == ["at"]  # the start is included
    assert feed(toDate=start) == []  # the end is not
    assert feed(fromDate=DAY) == ["at"]


def test_contact_appears_once_with_its_last_change(frozen, may, api):
    may.contacts({"externalId": "c-1", "properties": {"email": "a@example.org"}})
    may.clock(advance_s=3600)
    api.save("c-1", city="Delft")

    body = frozen.get("/contact/updates/list", **INTERVAL).json()

    assert [(each["externalId"], each["lastChanged"]) for each in body] == [("c-1", 1714561200000)]


def test_changes_by_people_are_updates_and_strangers_have_no_id(api, may):
    may.contacts({"externalId": "c-1", "properties": {"email": "a@example.org"}, "tags": {"Lead": 1}})
    may.clock(advance_s=3600)
    since = {"fromDate": "2024-05-01T10:30:00Z", "toDate": "2024-06-01", "pageSize": 10}
    may.emit({"type": "form", "answers": {"1": "new@example.org"}, "permissions": [1]})
    may.emit({"type": "profile", "externalId": "c-1", "properties": {"city": "Delft"}})

    contacts = api.get("/contact/updates/list", **since).json()["contacts"]

    assert [each.get("externalId") for each in contacts] == ["c-1", None]
    assert contacts[1]["properties"]["email"] == "new@example.org"


def test_tags_are_no_updates(api, ann, door):
    door.clock(advance_s=3600)
    start = (datetime.now(UTC) + timedelta(minutes=30)).isoformat(timespec="seconds")
    api.post(f"/contact/{ann}/tags", {"tags": [{"name": "Lead"}]})

    body = api.get("/contact/updates/list", fromDate=start, toDate="2100-01-01", pageSize=10).json()
    assert body["contacts"] == []


def test_bounces_hold_contact_kind_and_mailing(api, frozen, may):
    may.contacts({"externalId": "c-1", "properties": {"email": "a@example.org"}})
    may.emit({"type": "bounce", "externalId": "c-1", "hard": False})

    bounce = api.get("/contact/bounces/list", **INTERVAL, pageSize=5).json()["bounces"][0]

    assert (bounce["type"], bounce["encryptedActId"]) == ("SOFTBOUNCE", "mA91juneXy")
    assert (bounce["date"], bounce["contact"]["externalId"]) == ("2024-05-01T12:00:00.000+02:00", "c-1")
    assert frozen.get("/contact/bounces/list", **INTERVAL).json()[0]["date"] == 1714557600000


def test_optouts_distinguish_permissions_from_everything(api, may):
    may.contacts({"externalId": "c-1", "properties": {"email": "a@example.org"}})
    may.emit({"type": "unsubscribe", "externalId": "c-1", "permissions": [2]})
    may.emit({"type": "unsubscribe", "externalId": "c-1"})

    optouts = api.get("/contact/optouts/list", **INTERVAL, pageSize=5).json()["optOuts"]

    assert [each["scope"] for each in optouts] == ["PERMISSION", "GLOBAL"]
    assert optouts[0]["permissions"] == [{"bit": 2, "description": "Events", "enabled": False}]
    assert [each["bit"] for each in optouts[1]["permissions"]] == [1, 2, 4]


def test_optouts_hang_on_a_switch(api, door):
    door.settings(extensions={"optouts": False})
    answer = api.get("/contact/optouts/list", **INTERVAL, pageSize=5)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html;charset=utf-8")

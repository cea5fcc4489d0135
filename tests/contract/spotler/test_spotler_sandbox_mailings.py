import pytest

from sandbox.spotler.seed import CAMPAIGN_ID, CAMPAIGN_MAILING_ID, LINK_ID, MAILING_ID, TREND_REPORT_ID
from tests.contract.spotler.support import error_of

ALL = {"fromDate": "2000-01-01", "toDate": "2100-01-01"}


@pytest.fixture
def mailed(door):
    """Four contacts got the mailing: one read it, one clicked, one bounced, one left."""
    door.clock(set="2024-06-01T09:00:00Z", stopped=True)
    door.contacts(*({"externalId": f"c-{n}", "properties": {"email": f"u{n}@example.org"}} for n in range(4)))
    door.emit(*({"type": "sent", "externalId": f"c-{n}"} for n in range(4)))
    door.clock(advance_s=60)
    door.emit(
        {"type": "open", "externalId": "c-0"},
        {"type": "open", "externalId": "c-0"},
        {"type": "click", "externalId": "c-1"},
        {"type": "bounce", "externalId": "c-2"},
        {"type": "unsubscribe", "externalId": "c-3", "mailing": MAILING_ID},
    )
    return door


@pytest.mark.usefixtures("mailed")
def test_statistics_agree_with_the_lists(api):
    statistics = api.get(f"/mailing/{MAILING_ID}/statistics").json()

    assert {name: statistics[name] for name in statistics if statistics[name]} == {
        "sentCount": 4,
        "acceptedCount": 3,
        "openCount": 2,
        "openRenderedCount": 1,
        "clickCount": 1,
        "hardbounceCount": 1,
        "notRetainedAfterBounceCount": 1,
        "unsubscribeCount": 1,
    }
    for name, count in {"recipients": 4, "opens": 2, "clicks": 1, "bounces": 1}.items():
        assert len(api.get(f"/mailing/{MAILING_ID}/{name}").json()[name]) == count


@pytest.mark.usefixtures("mailed")
def test_lists_are_envelopes_in_both_dialects(api, frozen):
    for base in (api, frozen):
        body = base.get(f"/mailing/{MAILING_ID}/recipients", pageSize=3, after=1).json()
        assert [each["contactIdentifier"]["externalId"] for each in body["recipients"]] == ["c-1", "c-2", "c-3"]
        assert body["paging"] == {"after": 4}


@pytest.mark.usefixtures("mailed")
def test_opens_and_clicks_of_one_contact(api):
    opens = api.get(f"/mailing/{MAILING_ID}/opens/c-0").json()["opens"]
    clicks = api.get(f"/mailing/{MAILING_ID}/clicks/c-1").json()["clicks"]

    assert opens == [{"openDate": "2024-06-01T11:01:00.000+02:00"}] * 2
    assert clicks == [{"clickDate": "2024-06-01T11:01:00.000+02:00", "linkId": LINK_ID}]
    assert error_of(api.get(f"/mailing/{MAILING_ID}/opens/nobody")) == (400, "CONTACT_NOT_FOUND")


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize("part", ["", "/recipients", "/opens", "/clicks", "/bounces", "/opens/1", "/clicks/1"])
def test_mailing_of_the_other_kind_is_400_and_unknown_404(api, part):
    assert error_of(api.get(f"/mailing/{CAMPAIGN_MAILING_ID}{part}")) == (400, "INVALID_MAILING")
    assert error_of(api.get(f"/campaign-mailing/{MAILING_ID}{part}")) == (400, "INVALID_MAILING")
    assert error_of(api.get(f"/mailing/none{part}")) == (404, "MAILING_NOTFOUND")
    assert error_of(api.get(f"/campaign-mailing/none{part}")) == (404, "MAILING_NOTFOUND")


@pytest.mark.usefixtures("mailed")
def test_mailings_of_an_interval_need_both_dates(api):
    assert [m["encryptedId"] for m in api.get("/mailing", **ALL).json()] == [MAILING_ID]
    assert error_of(api.get("/mailing", fromDate="2000-01-01")) == (400, "INVALID_PARAMS")


def test_history_of_a_contact_has_pages_of_fifty(api, ann, door):
    door.emit(*[{"type": "sent", "externalId": ann}] * 60, {"type": "open", "externalId": ann})

    first = api.get(f"/contact/{ann}/mailings", pageSize=5).json()
    rest = api.get(f"/contact/{ann}/mailings", after=first["paging"]["after"]).json()

    assert (len(first["mailingHistories"]), len(rest["mailingHistories"])) == (50, 10)
    assert first["mailingHistories"][0]["opened"] is True


def test_campaign_mailing_is_reported_by_passage(api, ann, door):
    mailing = {"externalId": ann, "mailing": CAMPAIGN_MAILING_ID}
    door.emit(
        {"type": "sent", **mailing, "passage": 1},
        {"type": "sent", **mailing, "passage": 2},
        {"type": "open", **mailing, "passage": 2},
        {"type": "bounce", **mailing, "passage": 2, "hard": False},
    )

    history = api.get(f"/contact/{ann}/campaign-mailings").json()["campaignMailingHistories"]
    assert [(h["campaignSubscriptionId"], h["opened"], h.get("bounce")) for h in history] == [
        (1, False, None),
        (2, True, "SOFTBOUNCE"),
    ]
    path = f"/campaign-mailing/{CAMPAIGN_MAILING_ID}"
    assert len(api.get(f"{path}/opens/2").json()["opens"]) == 1
    assert api.get(f"{path}/opens/1").json()["opens"] == []
    assert len(api.get(f"{path}/recipients", **ALL, after=1).json()["recipients"]) == 1
    assert api.get(f"{path}/recipients", toDate="2000-01-01").json()["recipients"] == []
    assert [m["encryptedId"] for m in api.get(f"/campaign/{CAMPAIGN_ID}/mailing").json()] == [CAMPAIGN_MAILING_ID]


@pytest.mark.usefixtures("mailed")
def test_interactions_over_all_mailings(api):
    feeds = {
        name: api.get(f"/mailing-interaction/{name}").json()["interactions"]
        for name in ("sent", "opened", "clicked", "bounced")
    }

    assert {name: len(feed) for name, feed in feeds.items()} == {
        "sent": 4,
        "opened": 2,
        "clicked": 1,
        "bounced": 1,
    }
    assert feeds["bounced"][0]["bounceType"] == "HARD"
    assert feeds["sent"][0] == {
        "id": 1,
        "externalContactId": "c-0",
        "encryptedMailingId": MAILING_ID,
        "date": "2024-06-01T11:00:00.000+02:00",
        "changeDate": "2024-06-01T11:00:00.000+02:00",
        "trendReportId": TREND_REPORT_ID,
        "name": "June news",
        "subject": "It is June",
        "onlineVersionLink": f"https://mail.example/online/{MAILING_ID}",
    }


def test_interactions_are_found_by_event_date_and_by_change_date(api, ann, door):
    door.clock(set="2024-06-10T00:00:00Z", stopped=True)
    door.emit({"type": "open", "externalId": ann, "date": "2024-06-01T00:00:00Z"})

    def found(**query):
        return len(api.get("/mailing-interaction/opened", **query).json()["interactions"])

    assert (found(fromDate="2024-06-05"), found(toDate="2024-06-05")) == (0, 1)
    assert (found(fromChangeDate="2024-06-05"), found(toChangeDate="2024-06-05")) == (1, 0)
    assert error_of(api.get("/mailing-interaction/opened", fromDate="soon")) == (400, "INVALID_PARAMS")


@pytest.mark.usefixtures("mailed")
def test_interactions_by_report_and_page(api):
    def sent(**query):
        return api.get("/mailing-interaction/sent", **query).json()

    assert sent(trendReportIds="99")["interactions"] == []
    assert len(sent(trendReportIds=f"99,{TREND_REPORT_ID}")["interactions"]) == 4
    assert [each["id"] for each in sent(pageSize=2, after=2)["interactions"]] == [3, 4]
    assert error_of(api.get("/mailing-interaction/sent", trendReportIds="x")) == (400, "INVALID_PARAMS")


def test_trend_reports_by_state(api, door):
    door.post("mailings", trendReports=[{"id": 13, "name": "Old", "enabled": False}])

    def reports(**query):
        return [each["id"] for each in api.get("/trend-report", **query).json()["trendReports"]]

    assert (reports(), reports(enabled="false")) == ([TREND_REPORT_ID, 13], [13])

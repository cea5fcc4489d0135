"""The pages of the console: every view renders, what is hostile is only text, and a part that fails says why."""

import re

import pytest

from connector.dataverse.choices import ConsentCause, JobStatus, Operation
from connector.dataverse.names import Flags
from connector.dataverse.schema.standard import CONTACT
from sandbox.console.app import console
from sandbox.console.state import State
from sandbox.console.systems import Refused
from tests.unit.console.fakes import PORT, TOKEN, FakeSystems, ask

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
WRITTEN = "&lt;script&gt;"


def job(**columns):
    return {
        "dh_spotlerjobid": "j-1", "dh_number": "000000000012", "dh_name": "Add Tag: Anna",
        "createdon": "2026-03-01T10:00:00Z",
        "dh_operation": Operation.ADD_TAG.value, "statuscode": JobStatus.COMPLETED.value, "dh_resultcode": "OK",
        "dh_resultmessage": "1 tag added.", "_dh_customerid_value": "c-1",
        "_dh_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "contact", **columns,
    }  # fmt: skip


@pytest.fixture
def systems():
    systems = FakeSystems()
    systems.contact()
    systems.row("dh_spotlerjob", job())
    systems.row(
        "dh_spotlerinfo", {"dh_recordid": "c-1", "dh_active": True, "dh_laststatus": "OK", "dh_lastsyncon": None}
    )
    systems.row(
        "dh_spotlerpermission",
        {
            "dh_spotlerpermissionid": "p-1", "dh_name": "Newsletter", "dh_subscribed": True, "statecode": 0,
            "_dh_contactid_value": "c-1",
        },
    )  # fmt: skip
    systems.in_spotler()
    return systems


VIEWS = [
    *({"d": view} for view in ("people", "jobs", "lists", "new-job", "new-record")),
    *({"d": view, "r": "contact:c-1", "s": "contact"} for view in ("record", "edit", "merge")),
    {"d": "job", "j": "j-1", "r": "contact:c-1"},
    *({"s": view} for view in ("contacts", "contact", "audiences", "automations", "mailings", "log")),
    {"s": "contact", "c": "enc1"},
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: "-".join(view.values()))
def test_every_view_is_shown(systems, view):
    answer = ask(systems, State(**view).url())

    assert answer.status == 200
    assert 'role="alert"' not in answer.body


def test_the_history_of_consent_says_when_and_why(systems):
    change = {
        "dh_recordid": "c-1", "dh_permission": "Newsletter", "dh_after": False, "dh_on": "2026-03-01T10:00:07Z",
        "dh_source": ConsentCause.FEED.value, "dh_evidence": "read-updates <7>",
    }  # fmt: skip
    systems.row("dh_spotlerconsent", change)

    page = ask(systems, State(d="record", r="contact:c-1").url()).body

    (row,) = re.findall(r"<li>(.*?)</li>", page.partition("<h4>Consent History</h4>")[2].partition("</ul>")[0])
    assert "10:00:07" in row
    assert "Newsletter: off" in row
    assert "Feed, read-updates &lt;7&gt;" in row


def test_the_form_and_the_marks_of_a_record_have_the_labels_of_dynamics(systems):
    systems.dataverse.answers["rows/contact"][0] |= {"donotemail": True, "donotbulkemail": True}
    labels = [CONTACT.column(name).label for name in (Flags.DO_NOT_EMAIL, Flags.DO_NOT_BULK_EMAIL)]

    for view in ("record", "edit"):
        page = ask(systems, State(d=view, r="contact:c-1").url()).body

        assert [label for label in labels if label not in page] == []


@pytest.mark.parametrize("view", ["record", "edit", "merge", "job"])
def test_what_is_gone_leads_back_to_what_is_there(view):
    answer = ask(FakeSystems(), State(d=view, r="contact:gone", j="gone").url())

    assert answer.status == 200


@pytest.mark.parametrize("part", ["dynamics", "bus", "functions", "spotler", "top", "story"])
def test_each_part_can_be_loaded_alone(systems, part):
    answer = ask(systems, f"/part/{part}?d=record&r=contact%3Ac-1")

    assert answer.status == 200
    assert f'id="{part}"' in answer.body
    assert "<html" not in answer.body


@pytest.mark.parametrize("column", ["dynamics", "bus", "functions", "spotler"])
def test_a_system_that_does_not_answer_leaves_the_other_columns_alone(systems, column):
    names = {"dynamics": "dataverse"}
    getattr(systems, names.get(column, column)).down = True

    page = ask(systems, "/").body

    assert "does not answer (test)." in page
    assert ("Sign-up form" in page) is (column != "spotler")
    assert [name for name in ("dynamics", "bus", "functions", "spotler") if f'id="{name}"' not in page] == []


def test_hostile_texts_stay_texts(systems):
    systems.dataverse.answers["rows/contact"][0] |= {"fullname": HOSTILE, "emailaddress1": HOSTILE}
    systems.dataverse.answers["rows/dh_spotlerjob"] = [job(dh_name=HOSTILE, dh_resultmessage=HOSTILE, dh_tag=HOSTILE)]
    systems.dataverse.answers["rows/post"] = [
        {"text": HOSTILE, "_regardingobjectid_value": "c-1", "createdon": "2026-03-01T10:00:00Z"}
    ]
    systems.in_spotler(encryptedId="enc2", properties={"firstName": HOSTILE, "email": HOSTILE}, tags={HOSTILE: 1})
    line = {"seq": 1, "at": "2026-03-01T10:00:00+00:00", "level": "Error", "function": HOSTILE, "message": HOSTILE}
    systems.functions.answers["recent"]["lines"] = [line]

    for view in VIEWS:
        page = ask(systems, State(**view | {"f": HOSTILE} if "f" in view else view).url()).body

        assert "<img src=x" not in page
        assert "<script>alert" not in page
    assert WRITTEN in page


def test_a_hostile_address_is_only_text(systems):
    page = ask(systems, State(d=HOSTILE, s=HOSTILE, r=HOSTILE, j=HOSTILE, c=HOSTILE, f=HOSTILE, op=HOSTILE).url()).body

    assert "<script>alert" not in page
    assert "onerror=alert(2)>" not in page.replace("&gt;", "")


def test_everything_that_can_be_pressed_has_a_name_and_every_field_a_label(systems):
    systems.functions.answers["recent"]["timers"] = ["sweep_jobs"]
    for view in VIEWS:
        page = ask(systems, State(**view).url()).body
        ids = re.findall(r'<(?:input|select|textarea)\b(?![^>]*type="(?:hidden|checkbox)")[^>]*\bid="([^"]+)"', page)

        assert [name for name in ids if f'for="{name}"' not in page] == []
        assert re.findall(r"<button[^>]*>\s*</button>", page) == []


def test_enter_in_the_form_of_a_job_saves_it(systems):
    page = ask(systems, State(d="new-job").url()).body

    form = page.partition('action="/do/create-job')[2].partition("</form>")[0]
    assert re.findall(r"<button[^>]*>", form)[0] == '<button class="primary" id="save-job">'


def test_no_two_elements_have_the_same_id(systems):
    for view in VIEWS:
        ids = re.findall(r'\sid="([^"]+)"', ask(systems, State(**view).url()).body)

        assert len(ids) == len(set(ids)), sorted(ids)


def test_the_views_with_a_form_are_not_replaced_while_somebody_fills_it_in(systems):
    def live(view):
        page = ask(systems, State(**view).url()).body
        (tag,) = re.findall(r'<section id="dynamics"[^>]*>', page)
        return "data-live" in tag

    assert live({"d": "people"})
    assert not any(live({"d": view, "r": "contact:c-1"}) for view in ("new-job", "new-record", "edit", "merge"))


@pytest.mark.parametrize(
    ("act", "view", "entered"),
    [
        ("create-record", {"d": "new-record"}, {"table": "lead", "firstname": HOSTILE, "lastname": ""}),
        (
            "update-record",
            {"d": "edit", "r": "contact:c-1"},
            {"record": "contact:c-1", "firstname": HOSTILE, "donotemail": "on"},
        ),
        ("change-profile", {"s": "contact", "c": "enc1"}, {"contact": "enc1", "firstName": HOSTILE, "lastName": ""}),
        ("subscribe", {"s": "contacts"}, {"firstName": HOSTILE, "email": "no address"}),
    ],
)
def test_what_was_entered_in_a_refused_form_stays(systems, monkeypatch, act, view, entered):
    def refuse(*_, **__):
        raise Refused("Too long.")

    for system, call in ((systems.people, "update"), (systems.people, "create"), (systems.spotler, "post")):
        monkeypatch.setattr(system, call, refuse)
    state = State(**view)
    app = console(systems, TOKEN, PORT)

    done = ask(systems, f"/do/{act}?{state.query()}", method="POST", entered=entered, app=app)
    page = ask(systems, done.headers["location"], app=app).body

    assert 'value="&lt;script&gt;' in page
    if "table" in entered:
        assert '<option value="lead" selected>' in page
    if "donotemail" in entered:
        assert 'name="donotemail" checked' in page
    assert 'value="&lt;script&gt;' not in ask(systems, state.url(), app=app).body


def test_what_is_armed_twice_is_said_once(systems):
    outage = {"count": None, "struck": 0}
    throttle = {"count": 5, "struck": 2}
    systems.spotler.answers["faults"] = {"faults": [outage, throttle, outage, throttle, {"count": 5, "struck": 5}]}
    systems.dataverse.answers["faults"] = [{"count": None}, {"count": None}, {"count": 0}]
    systems.dataverse.answers["POST steps"] = {"drop_next": 2}

    (armed,) = re.findall(r'<p class="armed"[^>]*>(.*?)</p>', ask(systems, "/").body)

    assert armed.split(" · ") == [
        "Spotler does not work", "Spotler refuses 6 more calls", "Dataverse does not work",
        "2 messages of Dataverse will be lost",
    ]  # fmt: skip


def test_bytes_that_are_no_text_are_no_error(systems):
    assert ask(systems, "/do/calm", method="POST", body=b"city=\xff").status == 303


def test_a_notice_is_shown_once(systems):
    location = ask(systems, "/do/calm?d=jobs", method="POST").headers["location"]

    assert State.of({"d": "jobs", "note": "1"}).url() == "/?d=jobs"
    assert location.endswith("note=1")


@pytest.mark.parametrize("state", [State(), State(d="job", j="1", r="contact:a b&c", f="x=y")])
def test_an_address_says_the_whole_state(state):
    from urllib.parse import parse_qsl

    assert State.of(dict(parse_qsl(state.query()))) == state

"""Our tab on a form of the customer: when it is added, what is kept of the form, and when the form is left alone."""

import pytest

from connector.setup.errors import SetupRefused
from connector.setup.interface.form_xml import record_tab_of, with_form
from connector.setup.interface.record_forms import RecordFormPart, back_up, forms_with_tab
from tests.unit.setup.recorded import DUTCH_AND_ENGLISH, target

FORM = "11111111-0000-4000-8000-000000000000"
PART = RecordFormPart("lead", FORM)
BEFORE = '<form><tabs><tab name="mine" id="{22222222-0000-4000-8000-000000000000}" /></tabs></form>'
AFTER = with_form(BEFORE, [record_tab_of("lead", DUTCH_AND_ENGLISH)], None, "")
CHANGED = BEFORE.replace('name="mine"', 'name="renamed"')
UNPUBLISHED = "systemforms/Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()"


def environment(unpublished, published=None, **more):
    """One form of leads in its two layers."""
    row = {"formid": FORM, "name": "Lead", "objecttypecode": "lead", "type": 2, "@odata.etag": 'W/"7"', **more}
    layers = {UNPUBLISHED: unpublished, "systemforms": unpublished if published is None else published}
    return target({path: [{**row, "formxml": xml}] for path, xml in layers.items()}, version="1.0.0.0")


def test_a_form_without_the_tab_gets_it_over_the_version_that_was_read():
    place = environment(BEFORE)
    versions = []
    patch = place.calls.patch
    place.calls.patch = lambda *sent, version: (versions.append(version), patch(*sent))
    PART.create(place)

    assert (PART.read(place), PART.left_alone(place)) == (None, "")
    assert place.calls.sent == [("PATCH", f"systemforms({FORM})", {"formxml": AFTER}, "")]
    assert versions == ['W/"7"']


def test_a_form_with_the_tab_is_as_it_should_be_once_it_is_published():
    published, waiting = environment(AFTER), environment(AFTER, BEFORE)

    assert list(PART.compare(PART.read(published), published)) == []
    (difference,) = PART.compare(PART.read(waiting), waiting)
    assert difference.by_publishing
    assert PART.left_alone(waiting) == ""


def test_a_tab_that_somebody_changed_is_written_anew():
    place = environment(AFTER.replace("dh_record_jobs", "dh_other"))
    found = PART.read(place)
    PART.change(found, PART.compare(found, place), place)

    assert [body["formxml"] for _, _, body, _ in place.calls.sent] == [AFTER]


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (environment(CHANGED, BEFORE), "changes that are not published"),
        (environment(BEFORE, type=7), "no main form"),
        (environment(BEFORE, objecttypecode="contact"), "no main form"),
        (target({}, version="1.0.0.0"), "no main form"),
    ],
)
def test_a_form_is_left_alone(place, reason):
    assert reason in PART.left_alone(place)
    with pytest.raises(SetupRefused):
        PART.create(place)
    assert place.calls.sent == []


def test_taking_the_tab_away_leaves_the_rest_and_waits_for_unpublished_work():
    place = environment(AFTER)
    PART.remove(PART.read(place), place)

    assert [body["formxml"] for _, _, body, _ in place.calls.sent] == [BEFORE]
    assert PART.holds(PART.read(place), place) == ()
    assert PART.holds({}, environment(AFTER.replace('name="mine"', 'name="renamed"'), AFTER)) != ()


def test_forms_that_have_the_tab_are_found():
    assert forms_with_tab(environment(AFTER)) == (f"lead:{FORM}",)
    assert forms_with_tab(environment(BEFORE)) == ()


def test_the_form_as_it_was_is_kept_in_a_file_once(tmp_path):
    (file,) = back_up(environment(BEFORE), [f"lead:{FORM}"], tmp_path)

    assert file.read_text("utf-8") == BEFORE
    assert back_up(environment(CHANGED), [f"lead:{FORM}"], tmp_path) == []
    assert back_up(environment(AFTER), [f"lead:{FORM}"], tmp_path / "nowhere") == []
    assert file.read_text("utf-8") == BEFORE

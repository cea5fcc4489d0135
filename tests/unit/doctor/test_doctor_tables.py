"""The checks of the solution, and of the tables and columns that the connector needs, where some of it is gone."""

import json

import pytest

from connector.dataverse.schema.installation import SOLUTION
from connector.settings import BusSettings
from connector.setup.calls import SetupCalls
from connector.setup.target import UNFINISHED
from tests.unit.doctor.conftest import BUS

JOB = "EntityDefinitions(LogicalName='dh_spotlerjob')/Attributes"
PERIODIEK = {
    "table": "new_periodiek",
    "set": "new_periodieks",
    "id": "new_periodiekid",
    "name": "new_name",
    "subscribed": "new_active",
    "lookups": {},
}


def table_gone(admin, name):
    admin.delete("EntityDefinitions", f"LogicalName='{name}'")


def column_gone(admin, name):
    admin.delete(JOB, f"LogicalName='{name}'")


@pytest.mark.usefixtures("admin")
def test_an_installation_with_everything_is_well(sick, diagnose):
    assert diagnose(sick, "DATAVERSE_TABLES") == ("ok", "Every table and column that the connector needs is there.", "")


def test_columns_and_tables_that_are_gone_are_named_at_once_with_what_to_do(sick, admin, diagnose):
    column_gone(admin, "dh_tag")
    table_gone(admin, "dh_spotlerconsent")

    verdict, sentence, remedy = diagnose(sick, "DATAVERSE_TABLES")

    assert (verdict, sentence) == ("failed", "Tables or columns are missing: dh_spotlerconsent, dh_spotlerjob.dh_tag.")
    assert "setup plan" in remedy


def test_of_many_that_are_gone_the_first_are_named(sick, admin, diagnose):
    for name in ("dh_tag", "dh_score", "dh_audience", "dh_fieldname", "dh_fieldvalue", "dh_claim", "dh_attempts"):
        column_gone(admin, name)

    _, sentence, _ = diagnose(sick, "DATAVERSE_TABLES")

    assert sentence.endswith(
        ": dh_spotlerjob.dh_attempts, dh_spotlerjob.dh_audience, dh_spotlerjob.dh_claim, dh_spotlerjob.dh_fieldname, "
        "dh_spotlerjob.dh_fieldvalue (+2)."
    )


@pytest.mark.usefixtures("admin")
def test_all_tables_are_read_with_one_call(sick, diagnose, monkeypatch):
    read, paths = SetupCalls.get, []
    monkeypatch.setattr(SetupCalls, "get", lambda calls, path: paths.append(path) or read(calls, path))

    assert diagnose(sick, "DATAVERSE_TABLES")[0] == "ok"
    assert len(paths) == 1


@pytest.mark.usefixtures("admin")
def test_what_is_about_leads_and_lists_is_not_missed_where_there_are_none(world, sick, diagnose):
    world.door("POST", "edition", json={"light": True, "leads": False})

    assert diagnose(sick, "DATAVERSE_TABLES")[0] == "ok"


@pytest.mark.usefixtures("admin")
def test_a_column_that_periodieken_do_not_have_is_laid_to_the_setting(sick, diagnose):
    sick.bus_settings = BusSettings(ServiceBus=BUS, PERIODIEK=json.dumps(PERIODIEK))

    verdict, sentence, remedy = diagnose(sick, "DATAVERSE_TABLES")

    assert (verdict, "PERIODIEK names what is missing: new_periodiek." in sentence) == ("failed", True)
    assert "setting" in remedy


@pytest.fixture
def solution(admin):
    """Makes our solution with a version."""

    def _solution(version):
        names = {"uniquename": "dhconnector", "friendlyname": "Ours", "customizationprefix": "dh"}
        publisher = admin.create("publishers", {**names, "customizationoptionvalueprefix": 10000})
        names = {"uniquename": SOLUTION.name, "friendlyname": "Ours", "version": version}
        admin.create("solutions", {**names, "publisherid@odata.bind": f"/publishers({publisher})"})

    return _solution


@pytest.mark.parametrize(("version", "verdict"), [(UNFINISHED, "failed"), (SOLUTION.version, "ok")])
def test_an_installation_that_is_not_complete_is_told_until_it_is(sick, solution, diagnose, version, verdict):
    solution(version)

    found, sentence, remedy = diagnose(sick, "DATAVERSE_SOLUTION")

    assert (found, "not complete" in sentence, "setup plan" in remedy) == (verdict, *[verdict == "failed"] * 2)


def test_where_there_is_no_solution_no_installation_is_incomplete(sick, diagnose):
    assert diagnose(sick, "DATAVERSE_SOLUTION")[0] == "ok"

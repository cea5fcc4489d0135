"""The export of the solution: a system job makes the file, which is looked through before it is stored."""

import base64
import io
import zipfile

import pytest

from connector.setup.calls import SetupCalls
from connector.setup.components import components
from connector.setup.errors import ExportFailed, SetupRefused
from tests import setup_installed
from tests.setup_world import named


@pytest.fixture
def installed(world):
    return world.once(setup_installed.small)


def files(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_managed_solution_is_waited_for_and_has_what_is_ours(installed):
    manifest = files(installed.exported())["solution.xml"]

    assert "<Managed>1</Managed>" in manifest
    assert 'schemaName="dh_websitevisitor"' in manifest
    assert [path for _, path in installed.sent] == ["ExportSolutionAsync", "DownloadSolutionExportData"]
    assert sum(installed.slept) >= 20  # the stand-in takes 20 s for it


def test_an_environment_without_the_solution_and_one_whose_set_up_was_interrupted_are_refused(world):
    with pytest.raises(SetupRefused, match="does not have version"):
        world.exported()
    world.parts = named()
    world.applied()
    world.calls.patch(f"solutions({world.target().solution_id})", {"version": "0.0.0.1"})
    world.sent.clear()

    with pytest.raises(SetupRefused, match="does not have version"):
        world.exported()
    assert world.sent == []


def test_what_others_put_into_our_solution_is_not_passed_on(installed):
    choice = {
        "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
        "Name": "new_colour",
        "IsGlobal": True,
        "OptionSetType": "Picklist",
        "DisplayName": {"LocalizedLabels": [{"Label": "Colour", "LanguageCode": 1033}]},
        "Options": [],
    }
    variable = {"schemaname": "new_variable", "displayname": "x", "type": 100000000}
    for path, body in (("GlobalOptionSetDefinitions", choice), ("environmentvariabledefinitions", variable)):
        installed.make(path, body, "SpotlerConnector")

    with pytest.raises(ExportFailed, match="not ours") as refused:
        installed.exported()
    assert "new_colour" in refused.value.sentence
    assert "type 380" in refused.value.sentence


def test_a_file_that_lacks_something_of_ours_is_not_stored(installed):
    installed.parts = components()

    with pytest.raises(ExportFailed, match=r"lacks dh_marketing|lacks dh_spotler"):
        installed.exported()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no zip", "no zip file"),
        (b"", "no zip file"),
        ({"solution.xml": "<x"}, "no readable solution.xml"),
        ({"solution.xml": "<x><UniqueName>Other</UniqueName></x>"}, "another solution"),
    ],
)
def test_what_is_no_solution_of_ours_is_not_stored(installed, content, problem, monkeypatch):
    if isinstance(content, dict):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in content.items():
                archive.writestr(name, text)
        content = buffer.getvalue()
    monkeypatch.setattr(installed.environment.customizing.exports, "finished", _Always(content))

    with pytest.raises(ExportFailed, match=problem):
        installed.exported()


@pytest.mark.parametrize("missing", ["AsyncOperationId", "ExportJobId"])
def test_an_answer_that_does_not_name_its_job_is_an_error_that_says_so(installed, missing, monkeypatch):
    act = SetupCalls.act

    def without(calls, name, body, solution=""):
        return {key: each for key, each in act(calls, name, body, solution).items() if key != missing}

    monkeypatch.setattr(SetupCalls, "act", without)

    with pytest.raises(ExportFailed, match=f"has no {missing}"):
        installed.exported()


def test_a_file_with_a_key_is_not_stored(installed, monkeypatch):
    good = installed.exported()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files(good).items():
            archive.writestr(name, text)
        archive.writestr("ServiceEndpoints/x.xml", "<SASKey>secret</SASKey>")
    monkeypatch.setattr(installed.environment.customizing.exports, "finished", _Always(buffer.getvalue()))

    with pytest.raises(ExportFailed, match="SAS key"):
        installed.exported()


class _Always(dict):
    """The same file for every export."""

    def __init__(self, content):
        super().__init__()
        self._file = base64.b64encode(content).decode()

    def get(self, _key, _default=None):
        return self._file

"""The cases of the reference, run in place: what Dataverse is known to answer to 60 queries."""

import json
from pathlib import Path

import pytest

from sandbox.dataverse.errors import ApiError
from tests.contract.dataverse_standin.fetching import FetchScene

FILE = Path(__file__).parents[4] / "shared" / "reference" / "fetchxml-cases.json"
CONTENT = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"cases": []}
CASES = CONTENT["cases"]
IDS = {"contacts": "contactid", "accounts": "accountid"}


def make_scene(case):
    data = CONTENT["data"]
    settings = {**data["settings"], **case.get("settings", {})}
    scene = FetchScene(now=settings["now"], weekstartdaycode=settings["weekstartdaycode"])
    for table, rows in data["tables"].items():
        scene.add(table, *rows, targets={"parentcustomerid": "account", "entityid": "contact", "ownerid": "systemuser"})
    return scene


@pytest.mark.skipif(not CASES, reason="the reference is not beside this repository")
def test_the_reference_has_cases():
    assert len(CASES) == 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_case_of_the_reference(case):
    scene, expected = make_scene(case), case["expect"]
    if "error" in expected:
        with pytest.raises(ApiError, match=expected["error"]["message_contains"]) as caught:
            scene.rows(case["fetchxml"])
        assert (caught.value.status, caught.value.code) == (expected["error"]["status"], expected["error"]["code"])
        return
    rows = scene.rows(case["fetchxml"])
    if "rows" in expected:
        assert rows == expected["rows"]
        return
    found = [row[IDS[case["entity_set"]]] for row in rows]
    assert (found if expected["ordered"] else sorted(found)) == expected["ids"]

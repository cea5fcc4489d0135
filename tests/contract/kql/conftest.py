"""Microsoft's parser of KQL, loaded once for all queries: loading it takes seconds."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.contract.npm import NODE, installed

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TABLES = json.loads((ROOT / "infra" / "tables.json").read_text(encoding="utf-8"))

#: Queries with a mistake each, and the code of the diagnostic that must find it: else the parser sees nothing.
WRONG = {
    "a column that is not there": ("AppTraces | where severityLevel >= 3", "KS142"),
    "a table that is not there": ("AppTrace | count", "KS204"),
    "a table of the other naming": ("traces | where customDimensions.code == 'X'", "KS204"),
    "a function that is not there": ("AppTraces | summarize procentile(SeverityLevel, 95)", "KS211"),
    "no expression": ("AppTraces | where | count", "KS006"),
    "a number added to a text": ("AppTraces | where Message + 1 > 2", "KS106"),
    "grouped by a dynamic value": ("AppTraces | summarize count() by Properties.operation", "KS116"),
}


def all_queries():
    """Every query of the repository, by its file, with samples for the parameters of the workbook."""
    from infra.workbook.build import with_samples

    files = [*(ROOT / "infra" / "alerts").glob("*.kql"), *(ROOT / "infra" / "workbook").rglob("*.kql")]
    return {str(file.relative_to(ROOT)): with_samples(file.read_text(encoding="utf-8")) for file in sorted(files)}


@pytest.fixture(scope="session")
def bound():
    """What the parser says of each query, by its name."""
    modules = installed(HERE / "javascript", "the parser of KQL")
    queries = {**all_queries(), **{name: text for name, (text, _) in WRONG.items()}}
    given = {"modules": str(modules), "tables": TABLES, "queries": queries}
    done = subprocess.run(  # noqa: S603 - a program of this repository
        [NODE, HERE / "javascript" / "bind.cjs"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)

"""Every public call of the two foreign clients is made by a test here and succeeds, or there is a reason why none can.

The calls come from the clients themselves, and what is called is read from the tests. A call that a test expects to be
refused does not count.
"""

import ast
import importlib
import inspect
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.models.fetchxml_query import FetchXmlQuery
from PowerPlatform.Dataverse.models.query_builder import ExpandOption, QueryBuilder
from PowerPlatform.Dataverse.operations import batch, dataframe, files, query, records, tables

from tests.contract.npm import NODE, installed

HERE: Final = Path(__file__).parent
JAVASCRIPT: Final = HERE / "customizing" / "javascript"

#: The parts of Microsoft's Python client, by how tests write them.
PYTHON: Final = {
    "client": DataverseClient,
    "client.records": records.RecordOperations,
    "client.query": query.QueryOperations,
    "client.tables": tables.TableOperations,
    "client.dataframe": dataframe.DataFrameOperations,
    "client.files": files.FileOperations,
    "client.batch": batch.BatchOperations,
    "batch": batch.BatchRequest,
    "batch.records": batch.BatchRecordOperations,
    "batch.query": batch.BatchQueryOperations,
    "batch.tables": batch.BatchTableOperations,
    "batch.dataframe": batch.BatchDataFrameOperations,
    "changes.records": batch.ChangeSetRecordOperations,
    "builder": QueryBuilder,
    "fetch": FetchXmlQuery,
    "expand": ExpandOption,
}
#: What these names in tests are.
ALIASES: Final = {"made": "batch", "taken": "batch"}
#: Calls of the Python client that no test makes, and why.
NOT_CALLED: Final = {
    "client.close": "Leaving the context manager, which the fixture does, calls it.",
    "expand.to_odata": "The builder calls it.",
}
#: Calls of dynamics-web-api that no test makes, and why.
NOT_CALLED_JAVASCRIPT: Final = {
    "initializeInstance": "It copies the settings of the client; no request is made.",
    "setConfig": "It changes the settings of the client; no request is made.",
}
#: Calls of dynamics-web-api that are refused by an environment such as the stand-in is, and why.
REFUSED_JAVASCRIPT: Final = {
    "getBackgroundOperationStatus": "Only custom APIs run in the background, and nobody has made one.",
    "cancelBackgroundOperation": "As getBackgroundOperationStatus.",
    "search": "Dataverse search is off in a new environment, until an administrator switches it on.",
    "query": "As search.",
    "suggest": "As search.",
    "autocomplete": "As search.",
}


def sources() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(HERE.rglob("test_*sdk*.py")))


def methods_of(kind: type) -> set[str]:
    bases = [each for each in kind.__mro__ if each.__module__.startswith("PowerPlatform")]
    names = {name for base in bases for name, value in vars(base).items() if inspect.isroutine(value)}
    return {name for name in names if not name.startswith("_")}


def surface() -> Iterator[str]:
    """Every public method, after how tests write its part."""
    for part, kind in PYTHON.items():
        yield from (f"{part}.{name}" for name in methods_of(kind))


def made(tree: ast.AST) -> Iterator[ast.AST]:
    """Everything below a node but what a test expects to be refused."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.With) and any("pytest.raises(" in ast.unparse(each) for each in node.items):
            continue
        yield node
        yield from made(node)


def called() -> set[str]:
    """What tests call: on the client and its parts by their names, on a builder or a query by the name of the call."""
    found = set()
    for node in made(ast.parse(sources())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        written = ast.unparse(node.func)
        first, _, rest = written.partition(".")
        found.add(f"{ALIASES.get(first, first)}.{rest}")
        holder = node.func.value
        if isinstance(holder, ast.Call):
            chain = ast.unparse(holder)
            for part, begins in (("builder", "client.query.builder("), ("fetch", "client.query.fetchxml(")):
                if chain.startswith((begins, "query.")):
                    found.add(f"{part}.{node.func.attr}")
            if chain.startswith("ExpandOption("):
                found.add(f"expand.{node.func.attr}")
        elif isinstance(holder, ast.Name) and holder.id == "query":
            found.add(f"builder.{node.func.attr}")
    return found


def test_every_call_of_the_python_client_is_made_or_has_a_reason():
    every = set(surface())

    assert every - called() == NOT_CALLED.keys()


def test_the_async_half_has_no_call_that_the_usual_one_has_not():
    pytest.importorskip("aiohttp", reason="the async half of the client needs aiohttp")
    for part, kind in PYTHON.items():
        module = kind.__module__.replace("Dataverse.", "Dataverse.aio.", 1)
        folder, _, name = module.rpartition(".")
        other = getattr(importlib.import_module(f"{folder}.async_{name}"), f"Async{kind.__name__}", None)
        if other is not None:  # else both halves have the same one
            assert methods_of(other) - {"aclose"} <= methods_of(kind), part


def test_the_parts_are_all_that_the_python_client_has():
    client = set(re.findall(r"self\.(\w+) = \w+Operations\(self\)", inspect.getsource(DataverseClient)))
    of_batch = set(re.findall(r"self\.(\w+) = \w+Operations\(self\)", inspect.getsource(batch.BatchRequest)))

    assert {f"client.{each}" for each in client} <= PYTHON.keys()
    assert {f"batch.{each}" for each in of_batch} <= PYTHON.keys()
    assert (len(client), len(of_batch)) == (6, 4)


def test_every_call_of_the_javascript_client_is_made_or_has_a_reason():
    script = (
        'const { DynamicsWebApi } = require("dynamics-web-api");'
        'const api = new DynamicsWebApi({ serverUrl: "https://localhost" }), names = new Set();'
        "for (let each = api; each !== Object.prototype; each = Object.getPrototypeOf(each))"
        "  for (const name of Object.getOwnPropertyNames(each))"
        '    if (name !== "constructor" && typeof api[name] === "function") names.add(name);'
        "console.log(JSON.stringify([...names]));"
    )
    modules = installed(JAVASCRIPT, "dynamics-web-api")
    done = subprocess.run(  # noqa: S603 - the command stands here
        [NODE, "-e", script], capture_output=True, text=True, timeout=120, check=True, env={"NODE_PATH": str(modules)}
    )
    every = set(json.loads(done.stdout))
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(JAVASCRIPT.glob("*.cjs")))
    before, _, rest = text.partition("seen.refused = {")
    refusals, _, after = rest.partition("};")
    calls = re.compile(r"\bapi\.(\w+)\(")
    refused = set(calls.findall(refusals)) - {"retrieve", "retrieveMultiple"}

    assert every - set(calls.findall(before + after)) == NOT_CALLED_JAVASCRIPT.keys() | REFUSED_JAVASCRIPT.keys()
    assert refused == REFUSED_JAVASCRIPT.keys()

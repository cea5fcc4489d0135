"""The flows of docs/flows, as they are imported."""

import json
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs" / "flows"
SOLUTION = DOCS / "solution"
FILES = {file.name.partition("-")[0]: file for file in sorted((SOLUTION / "Workflows").glob("*.json"))}
FLOWS = {name: json.loads(file.read_text(encoding="utf-8"))["properties"] for name, file in FILES.items()}


def steps(actions, before=frozenset()):
    """Every step with its name and the names of the steps that have run before it."""
    for name, step in actions.items():
        after, pending = set(before), [*step.get("runAfter", {})]
        while pending:
            after.add(each := pending.pop())
            pending += actions[each].get("runAfter", {})
        yield name, step, after
        for below in (step.get("actions", {}), step.get("else", {}).get("actions", {})):
            yield from steps(below, after | {name})

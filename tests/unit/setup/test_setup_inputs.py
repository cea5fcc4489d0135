"""What a mapping means for the role of the connector."""

import json

from connector.dataverse.schema.roles import Depth, Privilege, Right, service_role
from connector.mapping import load_mapping
from connector.setup.inputs import needs_of
from sandbox.launch import ROOT

DEFAULT = ROOT / "mappings" / "default.json"


def test_the_role_may_read_the_tables_that_the_mapping_refers_to(tmp_path):
    content = json.loads(DEFAULT.read_text(encoding="utf-8"))
    del content["$schema"]
    column = "transactioncurrencyid(transactioncurrency).isocurrencycode"
    content["rows"].append({"contact": column, "direction": "->", "spotler": "freeField1"})
    file = tmp_path / "mapping.json"
    file.write_text(json.dumps(content), encoding="utf-8")

    needs = needs_of(load_mapping(file))

    assert needs.referred == {"account", "transactioncurrency"}
    assert Privilege("transactioncurrency", Right.READ, Depth.GLOBAL) in service_role(needs).privileges
    assert needs_of(load_mapping(DEFAULT)).referred == {"account"}

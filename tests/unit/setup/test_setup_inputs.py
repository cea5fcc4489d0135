"""What a mapping means for the role of the connector, and the settings of the bus for the endpoint."""

import json

import pytest

from connector.dataverse.schema.roles import Depth, Privilege, Right, service_role
from connector.errors import Misconfigured
from connector.mapping import load_mapping
from connector.settings import BusSettings
from connector.setup.inputs import address_of, needs_of
from sandbox.launch import ROOT

HOST, SECRET = "contoso.servicebus.windows.net", "the-key"
DEFAULT = ROOT / "mappings" / "default.json"


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({"ServiceBus": "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=x;SharedAccessKey=y"}, HOST),
        ({"ServiceBus": "Endpoint=sb://localhost:1;SharedAccessKeyName=x;SharedAccessKey=y"}, "localhost:1"),
        ({"ServiceBus__fullyQualifiedNamespace": HOST}, HOST),
    ],
)
def test_dataverse_posts_to_the_host_of_the_setting(settings, address):
    assert address_of(BusSettings(**settings)) == f"sb://{address}/"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"ServiceBus": "garbage"}, "ServiceBus"),
        ({"ServiceBus": f"SharedAccessKeyName=x;SharedAccessKey={SECRET}"}, "ServiceBus"),
        ({"ServiceBus__fullyQualifiedNamespace": f"https://{HOST}/"}, "ServiceBus__fullyQualifiedNamespace"),
        ({"ServiceBus__fullyQualifiedNamespace": f"{HOST} "}, "ServiceBus__fullyQualifiedNamespace"),
    ],
)
def test_a_setting_that_names_no_host_is_refused_before_dataverse_posts_nowhere(settings, name):
    with pytest.raises(Misconfigured, match=name) as error:
        address_of(BusSettings(**settings))
    assert SECRET not in str(error.value)


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

"""Every resource fits the types that Azure publishes, and what does not is found."""

import re
from dataclasses import replace

import pytest
import tree_sitter
import tree_sitter_bicep

from tests.infra.compiler import refusals
from tests.infra.functions import Later
from tests.infra.ours import FILES, INFRA, VARIANTS, deployed, one, resources
from tests.infra.syntax import names_in, read
from tests.infra.tree import Parameter, Resource, Variable
from tests.infra.types import TYPES_FILE, AzureTypes

EACH_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
EACH_VARIANT = pytest.mark.parametrize("variant", VARIANTS)


@pytest.fixture(scope="module")
def types():
    if not TYPES_FILE.exists():
        pytest.skip(f"the types of Azure are not beside the repository ({TYPES_FILE.name})")
    return AzureTypes.load()


@EACH_FILE
def test_another_parser_finds_no_error_either(path):
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))

    assert not parser.parse(path.read_bytes()).root_node.has_error


@EACH_FILE
def test_the_compiler_would_refuse_nothing(path):
    assert refusals(read(path)) == []


@EACH_FILE
def test_everything_that_is_declared_is_used(path):
    file = read(path)
    used = {name.name for each in file.declarations for name in names_in(each)}
    declared = {each.name for kind in (Parameter, Variable) for each in file.of_kind(kind)}

    assert declared - used == set()


@EACH_FILE
def test_every_resource_is_deployed_in_one_of_the_variants(path):
    found = {symbol for variant in VARIANTS for file, symbol in deployed(variant).declared() if file == path.name}

    assert {resource.name for resource in read(path).of_kind(Resource)} == found


def test_no_file_is_left_out():
    assert set(FILES) == set(INFRA.rglob("*.bicep"))


@EACH_VARIANT
def test_every_property_is_one_that_azure_knows(types, variant):
    assert [problem for resource in deployed(variant).all() for problem in types.problems(resource)] == []


def planted(resource, path, value):
    """The resource with a value at the end of a path; None leaves the property out."""

    def put(node, keys):
        key, *rest = keys
        node = list(node) if isinstance(node, list) else dict(node)
        if rest:
            node[key] = put(node[key], rest)
        elif value is None:
            del node[key]
        else:
            node[key] = value
        return node

    return replace(resource, body=put(resource.body, path))


PLANTED = {
    "unknown property": ("Microsoft.Web/sites", ("properties", "httpOnly"), True, "unknown property"),
    "unknown property, deep": (
        "Microsoft.Web/sites",
        ("properties", "functionAppConfig", "runtime", "versions"),
        "3.13",
        "unknown property",
    ),
    "unknown property, in a list": (
        "Microsoft.Network/virtualNetworks",
        ("properties", "subnets", 0, "properties", "prefix"),
        "10.0.0.0/24",
        r"subnets\[0\]\.properties\.prefix: unknown property",
    ),
    "missing property": ("Microsoft.KeyVault/vaults", ("properties", "sku"), None, "sku: is required"),
    "missing location": ("Microsoft.Insights/components", ("location",), None, "location: is required"),
    "read-only property": ("Microsoft.Web/sites", ("properties", "state"), "Running", "state: is read-only"),
    "value that is no choice": ("Microsoft.ServiceBus/namespaces", ("sku", "name"), "Standart", "must be one of"),
    "value in another case": (
        "Microsoft.Storage/storageAccounts",
        ("properties", "minimumTlsVersion"),
        "tls1_2",
        "must be one of",
    ),
    "text for a choice of rights": (
        "Microsoft.ServiceBus/namespaces/queues/authorizationRules",
        ("properties", "rights"),
        ["Sent"],
        "must be one of Manage, Send, Listen",
    ),
    "number out of range": (
        "Microsoft.Storage/storageAccounts/blobServices",
        ("properties", "deleteRetentionPolicy", "days"),
        0,
        "out of range",
    ),
    "text that is too long": (
        "Microsoft.Insights/actionGroups",
        ("properties", "groupShortName"),
        "spotler-connector",
        "17 characters",
    ),
    "text that does not fit": ("Microsoft.KeyVault/vaults", ("properties", "tenantId"), "x" * 36, "does not fit"),
    "text for a truth": ("Microsoft.Web/sites", ("properties", "httpsOnly"), "true", "must be true or false"),
    "text for a number": (
        "Microsoft.Web/sites",
        ("properties", "functionAppConfig", "scaleAndConcurrency", "instanceMemoryMB"),
        "2048",
        "must be a whole number",
    ),
    "number for a text": ("Microsoft.Web/serverfarms", ("sku", "name"), 1, "must be a text"),
    "object for a list": ("Microsoft.Web/sites", ("properties", "siteConfig", "appSettings"), {}, "must be an array"),
    "list for an object": ("Microsoft.Web/sites", ("tags",), [], "must be an object"),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_error_is_found(types, case):
    kind, path, value, sentence = PLANTED[case]
    resource = resources("full", kind)[0]

    (problem,) = types.problems(planted(resource, path, value))

    assert types.problems(resource) == []
    assert re.search(sentence, problem), problem


def test_a_type_or_a_version_that_azure_does_not_know_is_found(types):
    site = one("least", "Microsoft.Web/sites")

    assert types.problems(replace(site, type="Microsoft.Web/sites@1999-01-01")) == [
        "site: no type Microsoft.Web/sites@1999-01-01"
    ]


def test_what_only_azure_knows_is_taken_on_trust(types):
    site = one("least", "Microsoft.Web/sites")

    assert types.problems(planted(site, ("identity", "type"), Later("«somewhere.type»"))) == []

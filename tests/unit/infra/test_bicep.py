"""Bicep is read, and what it deploys is worked out, as Azure's compiler would."""

import pytest

from tests.infra.compiler import refusals
from tests.infra.deploy import deploy, needs
from tests.infra.lexer import BicepError
from tests.infra.syntax import parse, read


@pytest.fixture
def file(tmp_path):
    """Writes a file of Bicep and returns its path."""

    def write(text, name="main.bicep"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def value_of(file):
    """The value of an expression."""

    def evaluate(expression, kind="object", declarations=""):
        return deploy(file(f"{declarations}\noutput it {kind} = {expression}\n"), {}).outputs["it"]

    return evaluate


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("'it''s' == 'x'", "bool", None),
        ("'a${1 + 2}b${toUpper('c')}'", "string", "a3bC"),
        (r"'it\'s \${not} inserted'", "string", "it's ${not} inserted"),
        ("'''\nmany\nlines'''", "string", "many\nlines"),
        ("!false && 1 < 2 || false", "bool", True),
        ("1 + 2 * 3 - 4", "int", 3),
        ("null ?? 'other'", "string", "other"),
        ("empty('') ? 1 : empty('x') ? 2 : 3", "int", 1),
        ("[for (x, i) in ['a', 'b']: '${x}${i}']", "array", ["a0", "b1"]),
        ("map(filter([{ n: 1 }, { n: 2 }], e => e.n > 1), e => e.n)", "array", [2]),
        ("toObject(['a', 'b'], k => k, k => '${k}!')", "object", {"a": "a!", "b": "b!"}),
        ("union({ a: { x: 1 } }, { a: { y: 2 } })", "object", {"a": {"x": 1, "y": 2}}),
        ("{ 'a-b': 1, c: { d: [] } }.c.d", "array", []),
        ("{ a: 1 }.?b ?? 5", "int", 5),
        ("cidrSubnet('10.0.0.0/22', 23, 1)", "string", "10.0.2.0/23"),
        ("reduce([1, 2, 3], 0, (all, next) => all + next)", "int", 6),
    ],
)
def test_expressions_have_the_value_that_azure_gives_them(value_of, expression, kind, value):
    if value is None:
        with pytest.raises(BicepError):
            value_of(expression, kind)
    else:
        assert value_of(expression, kind) == value


def test_declarations_may_come_in_any_order(value_of):
    assert value_of("a", "int", "var a = b + 1\nvar b = 2\n") == 3


def test_children_parents_and_modules_are_resources_with_full_ids(file):
    file(
        "param name string\n"
        "resource bus 'Microsoft.ServiceBus/namespaces@2024-01-01' = {\n  name: name\n}\n"
        "resource queues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [for q in ['a', 'b']: {\n"
        "  parent: bus\n  name: q\n}]\n"
        "output id string = queues[1].id\n",
        "module.bicep",
    )
    main = file(
        "targetScope = 'subscription'\n"
        "resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {\n  name: 'g'\n}\n"
        "module bus 'module.bicep' = if (true) {\n  name: 'bus'\n  scope: group\n  params: { name: 'n' }\n}\n"
        "output id string = bus!.outputs.id\n"
    )

    deployment = deploy(main, {})

    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g"
    assert deployment.outputs["id"] == f"{group}/providers/Microsoft.ServiceBus/namespaces/n/queues/b"
    assert [each.name for each in deployment.all()] == ["g", "n", "a", "b"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("var a = b", "unknown name b"),
        ("var a = nonsense(1)", "unknown function nonsense"),
        ("var a = toUpper(1)", "toUpper cannot be called so"),
        ("var a = b\nvar b = a", "a → b → a is a cycle"),
        ("var a = { b: 1 }.c", "c is no property of an object with b"),
        ("param a string", "parameter a is missing"),
        ("param a string = 1", "parameter a must be of type string"),
        ("param a bool = 1", "parameter a must be of type bool"),
        ("@allowed(['x'])\nparam a string = 'y'", "does not fit @allowed"),
        ("@maxValue(3)\nparam a int = 4", "does not fit @maxValue"),
        ("@minLength(3)\nparam a string = 'y'", "does not fit @minLength"),
        ("@nonsense()\nparam a int = 4", "unknown decorator nonsense"),
        ("output a int = 'x'", "output a must be of type int"),
        ("var a = 'x", "a text has no end"),
        ("var a = [1, 2", "expected"),
        ("var a = { b: 1, b: 2 }", "not two"),
        ("var a = loadTextContent('missing.txt')", "missing.txt: cannot be read"),
        ("resource a 'M.X/y@1' = {\n  location: 'x'\n}", "has no name"),
        ("resource a 'M.X/y/z@1' = {\n  name: 'x'\n}", "needs a parent"),
        ("module a 'a.bicep' = {\n  name: 'a'\n  parameters: {}\n}", "unknown properties"),
        ("nonsense a = 1", "unknown declaration nonsense"),
    ],
)
def test_what_is_wrong_is_found_and_named(file, text, sentence):
    with pytest.raises(BicepError, match=sentence):
        deploy(file(f"{text}\n"), {})


@pytest.mark.parametrize(
    ("module", "reference", "sentence"),
    [
        ("param a string", "", "parameter a is missing"),
        ("var a = 1", "  params: { b: 1 }\n", "unknown parameters: b"),
    ],
)
def test_parameters_of_a_module_are_checked(file, module, reference, sentence):
    file(f"{module}\n", "module.bicep")

    with pytest.raises(BicepError, match=sentence):
        deploy(file(f"module m 'module.bicep' = {{\n  name: 'm'\n{reference}}}\n"), {})


def test_outputs_that_a_module_does_not_have_are_found(file):
    file("output a int = 1\n", "module.bicep")

    with pytest.raises(BicepError, match="b is no property"):
        deploy(file("module m 'module.bicep' = {\n  name: 'm'\n}\noutput b int = m.outputs.b\n"), {})


def test_what_a_declaration_waits_for_includes_what_that_waits_for(file):
    parsed = read(file("var a = 1\nvar b = a\nvar c = [for x in [b]: x]\nvar d = 2\n"))

    assert needs(parsed, "c") == {"a", "b"}


def test_errors_name_the_file_and_the_line(tmp_path):
    with pytest.raises(BicepError, match=r"broken\.bicep:3: "):
        parse("var a = 1\n\nvar b = ;\n", tmp_path / "broken.bicep")


RESOURCE = "resource a 'M.X/y@1' = {\n  name: 'x'\n}\n"
MODULE = "module m 'm.bicep' = {\n  name: 'm'\n}\n"


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (RESOURCE + "resource b 'M.X/z@1' = {\n  name: guid(a.id, a.name)\n}", []),
        (RESOURCE + "resource b 'M.X/z@1' = {\n  name: a.properties.p\n}", ["b needs a.properties too early"]),
        (
            RESOURCE + "var v = a.properties.p\nresource b 'M.X/z@1' = {\n  name: 'x${v}'\n}",
            ["b needs a.properties too early"],
        ),
        (MODULE + "resource b 'M.X/z@1' = if (m.outputs.o) {\n  name: 'x'\n}", ["b needs m.outputs too early"]),
        (MODULE + "resource b 'M.X/z@1' = [for x in m.outputs.o: {\n  name: x\n}]", ["b needs m.outputs too early"]),
        (MODULE + "resource b 'M.X/z@1' = {\n  name: 'x'\n  tags: { t: m.outputs.o }\n}", []),
        ("var v = [for x in [1]: { y: [for z in [2]: z] }]", []),
        ("var v = length([for x in [1]: x])", ["a loop is a part of an expression"]),
        ("var v = true ? [for x in [1]: x] : []", ["a loop is a part of an expression"]),
    ],
)
def test_what_the_compiler_refuses_is_found(tmp_path, text, refused):
    found = refusals(parse(f"{text}\n", tmp_path / "f.bicep"))

    assert [sentence.removeprefix("f.bicep: ") for sentence in found] == refused

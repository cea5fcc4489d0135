"""Automation Fields, in the forms in which users write them."""

import pytest
from hypothesis import given, strategies as st

from connector.errors import Invalid
from connector.operations.automation_fields import TYPES, AutomationField, parse_fields, parse_template

TEMPLATE = "invoiceEmail=STRING\npayUrl=URL\nbasket=PRODUCTLIST"
EMAIL = AutomationField("invoiceEmail", "STRING", "a@example.org")
URL = AutomationField("payUrl", "URL", "https://shop.example/pay?x=1")
BASKET = AutomationField("basket", "PRODUCTLIST", values=("p-1", "p-2"))


def refusal(text: str, template: str = TEMPLATE) -> str:
    with pytest.raises(Invalid) as caught:
        parse_fields(text, template)
    assert caught.value.result_code == "JOB_NOT_VALID"
    return caught.value.sentence


@pytest.mark.parametrize(
    ("template", "fields"),
    [
        (TEMPLATE, {"invoiceEmail": "STRING", "payUrl": "URL", "basket": "PRODUCTLIST"}),
        ("a=STRING;b=URL", {"a": "STRING", "b": "URL"}),
        (" a = string \r\n\r\n b=Url ", {"a": "STRING", "b": "URL"}),
        ("a=NUMBER\nb", {"a": "STRING", "b": "STRING"}),
        ("", {}),
        (" \n ; \n", {}),
        ("a=URL;\nb=PRODUCTLIST ;\n", {"a": "URL", "b": "PRODUCTLIST"}),
    ],
)
def test_a_template_says_which_fields_there_are_and_what_is_not_known_counts_as_text(template, fields):
    assert parse_template(template) == fields


@pytest.mark.parametrize(
    "text",
    [
        "invoiceEmail=a@example.org\npayUrl=https://shop.example/pay?x=1\nbasket=p-1,p-2",
        "invoiceEmail=a@example.org\r\npayUrl=https://shop.example/pay?x=1\r\n\r\nbasket=p-1,p-2\r\n",
        "invoiceEmail=a@example.org;payUrl=https://shop.example/pay?x=1;basket=p-1,p-2",
        "  invoiceEmail = a@example.org ; payUrl = https://shop.example/pay?x=1 ; basket = p-1 ,, p-2 ;; ",
        "\ninvoiceEmail=a@example.org;payUrl=https://shop.example/pay?x=1;basket=p-1,p-2\n",
    ],
    ids=["lines", "lines of Windows", "semicolons", "blanks", "one line between line breaks"],
)
def test_fields_are_separated_by_line_breaks_or_on_one_line_by_semicolons(text):
    assert parse_fields(text, TEMPLATE) == (EMAIL, URL, BASKET)


def test_a_semicolon_in_a_text_of_several_lines_is_part_of_the_value():
    assert parse_fields("invoiceEmail=a;b\npayUrl=", TEMPLATE) == (AutomationField("invoiceEmail", "STRING", "a;b"),)


LINKS = (
    "https://shop.example/pay?order=1&amp;token=x",
    "https://shop.example/pay;jsessionid=1",
    "https://shop.example/pay;jsessionid=1?a=b;c=d",
    "https://shop.example/pay?a=1&#38;b=2&#x26;c=3",
    "https://shop.example/;;a",
    "https://shop.example/?text=Tom&amp;",
)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    "text", ["payUrl={}", "payUrl={};basket=p-1", "invoiceEmail=a@b; payUrl={} ; basket=p-1", "payUrl={};"]
)
def test_a_link_with_a_semicolon_is_never_cut(link, text):
    fields = {field.name: field.value for field in parse_fields(text.format(link), TEMPLATE)}

    assert fields["payUrl"] == link


def test_a_text_with_a_semicolon_is_not_cut_where_no_field_follows():
    assert parse_fields("invoiceEmail=Dear sir; welcome &amp; enjoy; bye;basket=p-1", TEMPLATE) == (
        AutomationField("invoiceEmail", "STRING", "Dear sir; welcome &amp; enjoy; bye"),
        AutomationField("basket", "PRODUCTLIST", values=("p-1",)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "invoiceEmail=a@example.org;payurl=https://shop.example",
        "payUrl=https://shop.example;INVOICEEMAIL=a@example.org",
        "payUrl=https://shop.example; invoicEmail=a@example.org",
        "invoiceEmail=a@example.org;token=x",
        "payUrl=https://shop.example/pay;Token =x",
    ],
)
def test_a_name_that_may_be_mistyped_is_not_swallowed_by_the_value_before_it(text):
    assert "The automation does not have the field" in refusal(text)


AMBIGUOUS = "may be a field, or belong to the value before it; write each field on its own line."


def test_a_known_name_right_after_a_character_reference_is_refused():
    assert AMBIGUOUS in refusal("payUrl=https://shop.example/?a=1&amp;basket=p-1")


@pytest.mark.parametrize("template", ["", " \n"])
@pytest.mark.parametrize(
    "text",
    [
        "title=x;payUrl=https://shop.example/pay;jsessionid=1",
        "payUrl=https://shop.example/pay?order=1&amp;token=x",
        "payUrl=https://shop.example/pay;b",
        "title=Tom &amp;b=Jerry",
    ],
)
def test_where_the_fields_are_not_known_a_semicolon_that_may_belong_to_a_value_is_refused(text, template):
    assert AMBIGUOUS in refusal(text, template)
    assert "shop" not in refusal(text, template)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("template", ["", TEMPLATE])
def test_on_a_line_of_its_own_a_link_is_passed_as_it_is(link, template):
    fields = parse_fields(f"payUrl={link}\ninvoiceEmail=x", template)

    assert {field.name: field.value for field in fields} == {"payUrl": link, "invoiceEmail": "x"}


def test_where_the_fields_are_not_known_a_blank_ends_a_link():
    assert parse_fields("payUrl=https://shop.example/pay ; title=x;", "") == (
        AutomationField("payUrl", "STRING", "https://shop.example/pay"),
        AutomationField("title", "STRING", "x"),
    )


def test_values_lose_what_nobody_sees_at_their_ends():
    assert parse_fields("\ufeffinvoiceEmail=\u200ba@example.org\u00a0", TEMPLATE) == (EMAIL,)


@pytest.mark.parametrize("products", ["p-1|p-2", "p-1 p-2", "p-1:p-2", "p-1/p-2"])
def test_only_a_comma_separates_products(products):
    assert parse_fields(f"basket={products}", TEMPLATE) == (
        AutomationField("basket", "PRODUCTLIST", values=(products,)),
    )


def test_a_value_may_hold_the_equals_sign():
    assert parse_fields("invoiceEmail=a=b", TEMPLATE)[0].value == "a=b"


@pytest.mark.parametrize(
    "text", ["", " \n ", ";;", "invoiceEmail=", "invoiceEmail= \npayUrl=", TEMPLATE, "basket=,", "basket= , ;"]
)
def test_blank_removed_and_untouched_fields_pass_nothing(text):
    assert parse_fields(text, TEMPLATE) == ()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a=String\nb=ProductList", "a=String\nb=productlist"),
        ("a=STRING;\nb=PRODUCTLIST;", "a=STRING;\nb=PRODUCTLIST;"),
        ("a=string;b=productlist", "a=STRING;b=ProductList"),
        ("a=Text", "a=text"),
        ("a=Text", "a=STRING"),
        ("a=e-mail address", "a=E-mail address"),
        ("a\nb=", "a=\nb=String"),
    ],
)
def test_a_hint_as_people_wrote_it_on_the_row_is_blank_whatever_its_case(template, text):
    assert parse_fields(text, template) == ()


def test_only_the_hint_of_the_fields_own_type_is_blank():
    assert parse_fields("invoiceEmail=URL", TEMPLATE) == (AutomationField("invoiceEmail", "STRING", "URL"),)
    assert parse_fields("basket=STRING", TEMPLATE) == (AutomationField("basket", "PRODUCTLIST", values=("STRING",)),)
    assert "must be an absolute address" in refusal("payUrl=STRING")


def test_a_part_without_an_equals_sign_is_refused_by_its_position_and_not_by_its_text():
    sentence = refusal("invoiceEmail=x\na@example.org")

    assert sentence == "Part 2 of Automation Fields has no '='; write name=value, each on its own line."


@pytest.mark.parametrize("name", ["invoiceemail", "INVOICEEMAIL", "unknown", "x" * 64])
def test_a_name_counts_exactly_as_spotler_has_it_and_is_quoted(name):
    assert refusal(f"payUrl=;{name}=x") == (
        f"The automation does not have the field {name} of Automation Fields; "
        "its fields are: basket, invoiceEmail, payUrl."
    )


@pytest.mark.parametrize("name", ["invoice Email", "", "a@example.org", "x" * 65, "naïve"])
def test_what_does_not_look_like_a_name_is_reported_by_its_position(name):
    assert refusal(f"payUrl=;{name}=x") == (
        "The automation does not have the field in part 2 of Automation Fields; "
        "its fields are: basket, invoiceEmail, payUrl."
    )


def test_where_the_fields_are_not_known_any_name_is_taken_as_text():
    assert parse_fields("title=x;pay-url=shop;ü=1", " ") == (
        AutomationField("title", "STRING", "x"),
        AutomationField("pay-url", "STRING", "shop"),
        AutomationField("ü", "STRING", "1"),
    )


@pytest.mark.parametrize("hint", ["", " ", *TYPES, "String"])
def test_where_the_fields_are_not_known_every_hint_is_blank(hint):
    assert parse_fields(f"title={hint}", "") == ()


@pytest.mark.parametrize("name", ["", "first name", "a\tb"])
def test_where_the_fields_are_not_known_a_name_still_has_no_blank(name):
    assert refusal(f"title=1;{name}=x", "") == "Part 2 of Automation Fields has no name, or one with a blank in it."


def test_a_field_given_twice_is_refused():
    assert refusal("invoiceEmail=x;invoiceEmail=y") == "Automation Fields gives the field invoiceEmail twice."
    assert refusal("a@b=x;a@b=y", "") == "Automation Fields gives the field in part 2 twice."


@pytest.mark.parametrize("text", ["note=;note=x", "note=STRING;note=x", "note=x;note=", "note=;note="])
@pytest.mark.parametrize("template", ["", "note=STRING"])
def test_a_field_given_twice_is_refused_also_where_it_passes_nothing(text, template):
    assert refusal(text, template) == "Automation Fields gives the field note twice."


@pytest.mark.parametrize("value", ["https://shop.example", "http://shop.example/a b", "HTTPS://shop.example"])
def test_an_absolute_address_is_taken(value):
    assert parse_fields(f"payUrl={value}", TEMPLATE)[0].value == value


@pytest.mark.parametrize(
    "value", ["shop.example/pay", "/pay", "//shop.example/pay", "ftp://shop.example", "javascript:x", "https://", "https://[x",
     "https://exa mple.nl/x", "https://a\tb.nl/", "https://.", "https://-/", "http://:80/", "https://me@/"]
)  # fmt: skip
def test_any_other_address_is_refused(value):
    assert "must be an absolute address" in refusal(f"payUrl={value}")
    assert value not in refusal(f"payUrl={value}").replace("https:// or http://", "")


names = st.sampled_from(["invoiceEmail", "payUrl", "basket", "other", ""])
lines = st.lists(st.tuples(names, st.sampled_from(["=", ""]), st.text()), max_size=4).map(
    lambda parts: "\n".join("".join(part) for part in parts)
)


@given(st.text() | lines, st.text() | lines | st.just(TEMPLATE))
def test_any_text_is_fields_of_the_automation_or_not_valid(text, template):
    try:
        fields = parse_fields(text, template)
    except Invalid:
        return
    known = parse_template(template) or {field.name: "STRING" for field in fields}
    assert {field.name: field.type for field in fields}.items() <= known.items()
    assert len({field.name for field in fields}) == len(fields)
    assert all(field.values if field.type == "PRODUCTLIST" else field.value for field in fields)


@pytest.mark.parametrize("text", ["invoiceEmail=a;payUrl", "payUrl=https://shop.example; BASKET"])
def test_a_known_name_without_a_value_is_refused_and_not_swallowed(text):
    assert "Part 2 of Automation Fields has no '='" in refusal(text)

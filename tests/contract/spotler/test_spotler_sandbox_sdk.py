"""`spotler-sdk`, a client that others wrote, against the stand-in: what it relies on holds here too.

It recognises a contact by the SHA-256 of the address, reads no list and writes no batch, so only contacts, products and
orders can be driven with it.
"""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
import requests
from spotler_sdk import SDK
from spotler_sdk.models import Order, Product

from sandbox.spotler.settings import DEFAULT_KEY, DEFAULT_SECRET
from tests.contract.spotler.support import NEWEST

ADDRESS = "ann@example.org"
ANN = sha256(ADDRESS.encode()).hexdigest()
PAGE = "https://shop.example/spade"
#: The only status in which the client sees a wrong key or signature.
FORBIDDEN = 403


@pytest.fixture
def sdk_with(spotler_server, door):
    """A client with a key and a secret."""
    door.settings(auth_status=FORBIDDEN)
    made = []

    def make(key=DEFAULT_KEY, secret=DEFAULT_SECRET):
        made.append(SDK(f"{spotler_server.url}{NEWEST.prefix}/", key, secret))
        return made[-1]

    yield make
    for each in made:
        each.session.close()


@pytest.fixture
def sdk(sdk_with):
    return sdk_with()


@pytest.fixture
def known(door):
    properties = {"email": ADDRESS, "firstName": "Ann", "birthday": "1984-02-29", "freeField1": 12}
    door.contacts({"externalId": ANN, "properties": {**properties, "permissions": [{"bit": 1, "enabled": True}]}})


def spade(**changes):
    return Product(
        externalId="p-9", name="Spade", link=PAGE, price="1995", imageUrl=PAGE, imageLargeUrl=PAGE, **changes
    )


def order(**changes):
    members = {"externalId": "o-1", "externalContactId": ANN, "date": datetime(2024, 6, 1, 12, tzinfo=UTC)}
    return Order(**{**members, "value": "4995", "externalProductIds": ["p-1", "p-2"], **changes})


@pytest.mark.usefixtures("known")
def test_contact_is_read_into_the_model(sdk):
    contact = sdk.get_contact(ADDRESS)

    assert (contact.externalId, contact.properties.email, contact.temporary) == (ANN, ADDRESS, False)
    assert (contact.properties.birthday.date().isoformat(), contact.properties.freeField1) == ("1984-02-29", 12)
    assert contact.properties.permissions[0] == {"bit": 1, "enabled": True, "description": "Newsletter"}
    assert contact.created.utcoffset() is not None


@pytest.mark.usefixtures("known")
def test_one_property_is_set_and_the_others_stay(sdk, door):
    sdk.update_contact_property(ADDRESS, "city", "Delft")
    sdk.update_contact_property(ADDRESS, "postalCode", 2611)

    contact = sdk.get_contact(ADDRESS)
    assert (contact.properties.city, contact.properties.postalCode) == ("Delft", "2611")
    assert contact.properties.firstName == "Ann"
    assert [each["detail"] for each in door.journal()] == [{"changed": ["city"]}, {"changed": ["postalCode"]}]


def test_contact_that_is_not_there_is_none(sdk):
    assert sdk.get_contact("nobody@example.org") is None


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("address", "name", "value", "error_type"),
    [
        ("nobody@example.org", "city", "Delft", "CONTACT_NOT_FOUND"),
        (ADDRESS, "shoeSize", "43", "INVALID_PROPERTY"),
        (ADDRESS, "email", "not-an-address", "INVALID_PROPERTY"),
    ],
)
def test_refused_write_is_raised_with_the_error_type(sdk, door, address, name, value, error_type):
    with pytest.raises(ValueError, match=f"^{error_type}$"):
        sdk.update_contact_property(address, name, value)

    assert door.journal() == []


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("credential", [{"secret": "wrong"}, {"key": "nobody"}])
def test_wrong_credentials_are_reported_as_that(sdk_with, credential):
    with pytest.raises(ValueError, match="Authentication error"):
        sdk_with(**credential).get_contact(ADDRESS)


def test_product_is_created_read_changed_and_deleted(sdk):
    assert sdk.get_product("p-9") is None
    sdk.create_product(spade(specifications=[{"description": "Length", "value": "1 m", "rank": "1"}]))
    created = sdk.get_product("p-9")
    sdk.update_product(spade(description="Steel"))
    sdk.delete_product("p-9")

    deleted = sdk.get_product("p-9")
    assert (created.specifications[0].rank, created.deleted, created.visible) == ("1", False, True)
    assert (deleted.description, deleted.deleted, deleted.creationDate) == ("Steel", True, created.creationDate)


def test_product_that_is_not_there_is_not_changed(sdk):
    for act in (lambda: sdk.update_product(spade()), lambda: sdk.delete_product("p-9")):
        with pytest.raises(ValueError, match="PRODUCT_NOTFOUND"):
            act()


@pytest.mark.usefixtures("known")
def test_order_is_created_changed_and_deleted(sdk, door):
    sdk.create_order(order())
    sdk.update_order(order(value="100"))
    assert door.state()["orders"] == [{"externalId": "o-1", "contact": ANN, "value": 100}]
    sdk.delete_order("o-1")

    assert door.state()["orders"] == []
    with pytest.raises(ValueError, match="ORDER_NOTFOUND"):
        sdk.delete_order("o-1")


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("changes", "error_type"),
    [
        ({"externalProductIds": ["p-x"]}, "PRODUCT_NOTFOUND"),
        ({"externalContactId": "nobody"}, "CONTACT_NOT_FOUND"),
        ({"value": "49.95"}, "INVALID_PARAMS"),
    ],
)
def test_order_that_is_refused_shows_type_and_message(sdk, door, changes, error_type):
    with pytest.raises(ValueError, match=rf"Order: o-1 not created with error: {error_type}:\w+"):
        sdk.create_order(order(**changes))

    assert door.state()["orders"] == []


def test_page_of_a_gateway_is_no_missing_contact(sdk, door):
    door.arm("html", status=404)

    with pytest.raises(requests.exceptions.JSONDecodeError):
        sdk.get_contact(ADDRESS)

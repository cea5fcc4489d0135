"""With ANONYMISE_ON_DEACTIVATION off, deactivated records stay in Spotler and get no mail: in an app of their own."""

from collections.abc import Iterator

import pytest

from connector.dataverse.names import Permission
from sandbox.spotler.seed import NEWSLETTER_BIT
from sandbox.system import Options, running
from tests.acceptance.records import ACTIVATED, DEACTIVATED, new_address
from tests.acceptance.world import World


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = {"ANONYMISE_ON_DEACTIVATION": "false"}
    folder = tmp_path_factory.mktemp("lenient")
    with running(Options(settings=settings, automatic=True), folder=folder) as system:
        world = World(system)
        yield world
        world.bus.close()


@pytest.mark.feature("CON-06")
@pytest.mark.parametrize("table", ["contact", "lead", "account"])
def test_a_deactivated_record_loses_its_permissions_on_both_sides_and_nothing_else(lenient, table):
    record = lenient.record(table, emailaddress1=new_address())
    row = lenient.permission(record, "Newsletter", subscribed=True)

    def permissions() -> list[int]:
        contact = lenient.spotler.find(record)
        return contact.permissions if contact else []

    lenient.until(lambda: NEWSLETTER_BIT in permissions(), "the permission is on")
    before = lenient.spotler.contact(record).properties

    lenient.change(record, **DEACTIVATED[table])
    lenient.until(lambda: permissions() == [], "no permission is on")
    lenient.settle()

    assert lenient.people.read(Permission.SET, row)[Permission.SUBSCRIBED] is False
    after = lenient.spotler.contact(record).properties
    assert {name: value for name, value in after.items() if name != "permissions"} == {
        name: value for name, value in before.items() if name != "permissions"
    }
    assert "contact.anonymized" not in lenient.spotler.effects(record)

    lenient.change(record, **ACTIVATED)
    lenient.settle()
    assert permissions() == [], "activation gives nobody a permission back"


@pytest.mark.feature("CON-06")
def test_a_deletion_anonymises_all_the_same(lenient):
    record = lenient.contact()
    lenient.until(lambda: lenient.spotler.find(record) is not None, "the record is in Spotler")
    lenient.settle()

    lenient.delete(record)

    lenient.until(lambda: "contact.anonymized" in lenient.spotler.effects(record), "the contact is anonymised")

"""What the router works with is read from the settings of the bus; what is wrong there stops no message."""

import json
import logging

import pytest

from connector import services
from connector.servicebus.bus import Bus
from connector.settings import BusSettings

NAMES = {
    "table": "new_periodiek", "set": "new_periodieken", "id": "new_periodiekid", "name": "new_name",
    "subscribed": "new_subscribed", "lookups": {"contact": {"column": "new_contactid", "navigation": "new_ContactId"}},
}  # fmt: skip


@pytest.fixture
def router_services(monkeypatch):
    def _services(periodiek):
        settings = BusSettings(ServiceBus="Endpoint=sb://localhost/", periodiek=periodiek)
        monkeypatch.setattr(services, "get_bus_settings", lambda: settings)
        monkeypatch.setattr(services, "get_bus", lambda: Bus(lambda: None))
        monkeypatch.setattr(services, "get_mapping", lambda: None)
        return services.get_router_services()

    return _services


def test_the_table_of_periodieken_is_that_of_the_setting(router_services):
    assert router_services(json.dumps(NAMES)).periodiek.watched == (
        "new_name", "new_subscribed", "statecode", "new_contactid",
    )  # fmt: skip
    assert router_services(None).periodiek is None


def test_a_wrong_setting_is_logged_and_jobs_are_routed(router_services, caplog):
    with caplog.at_level(logging.WARNING):
        made = router_services("{")

    assert (made.periodiek, made.bus is not None) == (None, True)
    assert any("PERIODIEK is wrong" in record.getMessage() for record in caplog.records)

import pytest

from connector.dataverse.api import connect
from connector.errors import Misconfigured


def test_the_connector_is_its_application_user(dataverse, dataverse_process):
    assert dataverse.who_am_i()["UserId"] == dataverse_process.user_id


def test_the_certificate_authority_may_come_from_the_environment(door, settings_of, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", door.ready.ca_file)
    dataverse = connect(settings_of())

    assert dataverse.who_am_i()["UserId"] == door.ready.user_id
    dataverse.close()


@pytest.mark.parametrize(
    ("setting", "value", "advice"),
    [
        ("dataverse_client_secret", "wrong", "DATAVERSE_CLIENT_SECRET is wrong"),
        ("dataverse_client_id", "11111111-1111-1111-1111-111111111111", "DATAVERSE_CLIENT_ID"),
    ],
)
def test_wrong_credentials_say_what_to_check(connected, setting, value, advice):
    with pytest.raises(Misconfigured) as caught:
        connected(**{setting: value}).who_am_i()

    assert advice in caught.value.what_to_do


def test_an_identity_service_whose_certificate_is_not_trusted_is_a_matter_of_the_settings(settings_of, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    dataverse = connect(settings_of())

    with pytest.raises(Misconfigured, match="The certificate of the identity service is not trusted: unable to get"):
        dataverse.who_am_i()
    dataverse.close()


def test_an_expired_token_is_replaced(door, connected):
    records = []
    dataverse = connected(records)
    dataverse.who_am_i()

    door.call("POST", "clock", json={"move_seconds": 4000})

    assert dataverse.who_am_i()
    assert [record.status for record in records] == [200, 401, 200]

"""The application user: its role, and the time zone of most people when it is new."""

import pytest

from connector.dataverse.schema.roles import user_role
from connector.setup.roles import RolePart
from connector.setup.users import UserPart
from tests.setup_world import named

CLIENT = "22222222-0000-4000-8000-000000000000"
AMSTERDAM, LONDON, UTC = 110, 85, 92


@pytest.fixture
def installed(world):
    """Applies the set-up of the user alone, among people with these time zones."""

    def _installed(*zones):
        world.parts = [*named(), RolePart(user_role()), UserPart(CLIENT)]
        world.parts.sort(key=lambda part: part.phase)
        for number, zone in enumerate(zones):
            person = f"33333333-0000-4000-8000-{number:012}"
            world.load("systemuser", systemuserid=person, fullname=f"Person {number}")
            world.load("usersettings", systemuserid=person, timezonecode=zone)
        world.applied()

    return _installed


@pytest.fixture(autouse=True)
def _role(monkeypatch):
    """The role of people stands for that of the connector, whose tables are not made here."""
    monkeypatch.setattr("connector.setup.users.SERVICE_ROLE", user_role().name)


def zone_of(world):
    (user,) = [each for each in world.rows("systemuser") if each.get("applicationid") == CLIENT]
    (settings,) = [each for each in world.rows("usersettings") if each["systemuserid"] == user["systemuserid"]]
    return settings["timezonecode"]


def test_a_new_user_gets_the_time_zone_of_most_people(world, installed):
    installed(AMSTERDAM, LONDON, AMSTERDAM)

    assert zone_of(world) == AMSTERDAM


def test_without_people_it_stays_in_utc(world, installed):
    installed()

    assert zone_of(world) == UTC


def test_what_somebody_chose_stays(world, installed):
    installed(AMSTERDAM)
    (user,) = [each for each in world.rows("systemuser") if each.get("applicationid") == CLIENT]
    world.calls.patch(f"usersettingscollection({user['systemuserid']})", {"timezonecode": LONDON})
    (pair,) = [each for each in world.rows("systemuserroles") if each["_systemuserid_value"] == user["systemuserid"]]
    address = f"systemusers({user['systemuserid']})/systemuserroles_association({pair['_roleid_value']})/$ref"
    world.calls.delete(address)

    world.applied()

    assert zone_of(world) == LONDON


def test_a_refusal_stops_nothing(world, installed):
    settings = world.environment.store.tables["usersettings"]

    def forget(_number, _method, path):
        if path.startswith("usersettings"):
            for row_id in list(settings.rows):
                settings.remove(row_id)

    world.before = forget

    installed(AMSTERDAM)

    assert any(path.startswith("usersettings") for _, path in world.sent)
    assert settings.rows == {}
    assert world.planned().writes == ()

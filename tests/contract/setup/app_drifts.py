"""What somebody can do after a set-up to an app, its site map, what it shows, and the roles that see it.

`APP_CHANGES` has what the platform allows, and `NOT_OF_APPS` says why the rest is not there.
"""

from connector.dataverse.schema.app import SPOTLER_HUB
from connector.setup.interface.app import AppPart
from connector.setup.interface.components import app_components
from connector.setup.interface.views import view_id
from sandbox.dataverse.installing.app_tables import DEFAULT_ICON
from tests.contract.setup.drifts import CRM, OFF, VISITOR, Drift, Ends, address_of
from tests.setup_hub import HUB
from tests.setup_world import SetupWorld

APP_KINDS = frozenset(each.kind for each in app_components(SPOTLER_HUB))
APP, SITE_MAP, CONTENTS = "app Spotler Hub", "site map Spotler Hub", "contents of app Spotler Hub"
ROLE_OF_APP = "role of app Spotler Hub.Spotler User"
OTHER_ROLE = "Mine"
OTHER_LINE = '<SubArea Id="new_contacts" Entity="contact" />'


def app_id(world: SetupWorld) -> str:
    found = AppPart(HUB).find(world.target())
    assert found is not None
    return str(found["appmoduleid"])


def publish_app(world: SetupWorld) -> None:
    xml = f"<importexportxml><appmodules><appmodule>{app_id(world)}</appmodule></appmodules></importexportxml>"
    world.calls.act("PublishXml", {"ParameterXml": xml})


def patch_app(**values: object):
    def act(world: SetupWorld) -> None:
        world.calls.patch(f"appmodules({app_id(world)})", values)
        publish_app(world)

    return act


def remove_app(world: SetupWorld) -> None:
    world.calls.delete(f"appmodules({app_id(world)})")


def remove_app_whose_name_stays(world: SetupWorld) -> None:
    world.environment.customizing.knobs.app_names_stay = True
    remove_app(world)
    world.environment.customizing.knobs.app_names_stay = False


def add_setting(world: SetupWorld) -> None:
    bind = {"ParentAppModuleId@odata.bind": f"/appmodules({app_id(world)})"}
    world.make("appsettings", {"displayname": "Theirs", **bind})


def change_site_map(old: str, new: str):
    def act(world: SetupWorld) -> None:
        address = address_of(world, SITE_MAP)
        xml = str(world.calls.get(f"{address}?$select=sitemapxml")["sitemapxml"])
        assert old in xml
        world.calls.patch(address, {"sitemapxml": xml.replace(old, new)})
        publish_app(world)

    return act


def has_line(world: SetupWorld) -> bool:
    return "new_contacts" in str(world.calls.get(f"{address_of(world, SITE_MAP)}?$select=sitemapxml")["sitemapxml"])


def rename_site_map(world: SetupWorld) -> None:
    world.calls.patch(address_of(world, SITE_MAP), {"sitemapname": "Mine"})
    publish_app(world)


def remove_site_map(world: SetupWorld) -> None:
    site_map = address_of(world, SITE_MAP)
    change_contents(world, "RemoveAppComponents", "sitemap", "sitemapid", site_map.partition("(")[2][:-1])
    world.calls.delete(site_map)


def change_contents(world: SetupWorld, action: str, table: str, column: str, *ids: str) -> None:
    components = [{"@odata.type": f"{CRM}{table}", column: each} for each in ids]
    world.calls.act(action, {"AppId": app_id(world), "Components": components})
    publish_app(world)


def shown(world: SetupWorld, kind: int) -> set[str]:
    """The ids of what the app shows of a component type, as it was published."""
    rows = world.calls.rows(f"RetrieveAppComponents(AppModuleId={app_id(world)})")
    return {str(row["objectid"]) for row in rows if row["componenttype"] == kind}


def take_view(world: SetupWorld) -> None:
    change_contents(world, "RemoveAppComponents", "savedquery", "savedqueryid", view_id(VISITOR, "hot"))


def take_everything(world: SetupWorld) -> None:
    for kind, table, column in (
        (26, "savedquery", "savedqueryid"), (60, "systemform", "formid"), (62, "sitemap", "sitemapid"),
    ):  # fmt: skip
        change_contents(world, "RemoveAppComponents", table, column, *shown(world, kind))


def view_of_contacts(world: SetupWorld) -> str:
    return next(
        str(row["savedqueryid"])
        for row in world.rows("savedquery")
        if (row["returnedtypecode"], row["querytype"]) == ("contact", 0)
    )


def add_view(world: SetupWorld) -> None:
    change_contents(world, "AddAppComponents", "savedquery", "savedqueryid", view_of_contacts(world))


def role_id(world: SetupWorld, name: str) -> str:
    (row,) = [row for row in world.rows("role") if row["name"] == name and row.get("_parentroleid_value") is None]
    return str(row["roleid"])


def take_from_role(world: SetupWorld) -> None:
    path = f"appmodules({app_id(world)})/appmoduleroles_association({role_id(world, 'Spotler User')})/$ref"
    world.calls.delete(path)


def give_to_role(world: SetupWorld) -> None:
    (unit,) = [row for row in world.rows("businessunit") if row.get("_parentbusinessunitid_value") is None]
    bind = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    world.make("roles", {"name": OTHER_ROLE, **bind})
    path = f"appmodules({app_id(world)})/appmoduleroles_association/$ref"
    world.calls.refer(path, f"roles({role_id(world, OTHER_ROLE)})")


def is_given(world: SetupWorld) -> bool:
    rows = world.calls.rows(f"appmodules({app_id(world)})/appmoduleroles_association?$select=name")
    return OTHER_ROLE in {row["name"] for row in rows}


KEPT = Ends.KEPT
APP_CHANGES = (
    Drift("app", "changed", patch_app(webresourceid=DEFAULT_ICON)),
    Drift("app", "added", add_setting, "", KEPT, remains=lambda world: bool(world.rows("appsetting"))),
    Drift("app", "renamed", patch_app(name="Mine")),
    Drift("app", "disabled", patch_app(**OFF)),
    Drift("site map", "changed", change_site_map('Id="dh_websitevisitor"', 'Id="dh_visitors"')),
    Drift("site map", "added", change_site_map("</Group>", f"{OTHER_LINE}</Group>"), "", KEPT, remains=has_line),
    Drift("site map", "removed", remove_site_map),
    Drift("site map", "renamed", rename_site_map, "", KEPT),
    Drift("contents of app", "changed", take_view),
    Drift("contents of app", "added", add_view, "", KEPT,
          remains=lambda world: view_of_contacts(world) in shown(world, 26)),
    Drift("contents of app", "removed", take_everything),
    Drift("role of app", "added", give_to_role, "", KEPT, remains=is_given),
    Drift("role of app", "removed", take_from_role),
    Drift("app", "removed", remove_app),
    Drift("app", "removed", remove_app_whose_name_stays),
)  # fmt: skip

_NO_STATE = "Dataverse has no state of it that could be off."
NOT_OF_APPS = {
    ("site map", "disabled"): _NO_STATE,
    ("contents of app", "renamed"): "It has no name.",
    ("contents of app", "disabled"): "What an app shows is switched off by itself.",
    ("role of app", "changed"): "A role sees an app or not.",
    ("role of app", "renamed"): "It is the pair of an app and a role.",
    ("role of app", "disabled"): _NO_STATE,
}

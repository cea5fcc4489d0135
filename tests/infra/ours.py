"""The template of this repository, deployed with the parameters that matter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.infra.deploy import deploy
from tests.infra.deployment import Deployed, Deployment
from tests.infra.syntax import read
from tests.infra.tree import Module

ROOT: Final = Path(__file__).parents[2]
INFRA: Final = ROOT / "infra"
MAIN: Final = INFRA / "main.bicep"


def reachable(path: Path) -> set[Path]:
    """A file, and those of its modules."""
    modules = (path.parent / module.file for module in read(path).of_kind(Module))
    return {path}.union(*(reachable(each.resolve()) for each in modules))


FILES: Final = tuple(sorted(reachable(MAIN)))

#: The least that somebody has to give.
LEAST: Final[Mapping[str, object]] = {
    "environmentName": "test",
    "location": "westeurope",
    "dataverseUrl": "https://example.crm4.dynamics.com",
}
#: Everything switched on.
FULL: Final[Mapping[str, object]] = {
    **LEAST,
    "principalId": "22222222-2222-2222-2222-222222222222",
    "operatorGroupId": "33333333-3333-3333-3333-333333333333",
    "dataverseUserId": "44444444-4444-4444-4444-444444444444",
    "dataverseClientId": "55555555-5555-5555-5555-555555555555",
    "leadsAccount": "66666666-6666-6666-6666-666666666666",
    "leadsClientId": "spotler",
    "alertEmail": "operators@example.org",
    "alertLevel": "all",
    "alertThresholds": {"sweepSilentMinutes": 30},
    "docsUrl": "https://example.org/docs",
    "alwaysReadyRouters": 1,
    "privateNetworking": True,
    "administratorAddresses": ["203.0.113.7"],
    "resultLanguage": "nl",
    "settings": {"TIME_ZONE": "Europe/Brussels"},
}
VARIANTS: Final[Mapping[str, Mapping[str, object]]] = {"least": LEAST, "full": FULL}


@cache
def deployed(variant: str) -> Deployment:
    """What the template deploys in a variant."""
    return deploy(MAIN, VARIANTS[variant])


def resources(variant: str, kind: str) -> list[Deployed]:
    """The resources of a type, without its version."""
    return [each for each in deployed(variant).all() if each.kind == kind]


def one(variant: str, kind: str) -> Deployed:
    """The only resource of a type."""
    (found,) = resources(variant, kind)
    return found


def app_settings(variant: str) -> Mapping[str, str]:
    """The application settings."""
    (found,) = (each for each in resources(variant, "Microsoft.Web/sites/config") if each.name == "appsettings")
    settings = found.body["properties"]
    assert isinstance(settings, dict)
    return settings

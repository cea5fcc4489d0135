"""What the template must never do, whatever its parameters are: a list of our own, each with a planted violation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.infra.deployment import Deployed
from tests.infra.ours import VARIANTS, deployed


@dataclass(frozen=True)
class Rule:
    """A property of a type of resource, and the only values that it may have."""

    kind: str
    path: str
    allowed: tuple[object, ...]
    wrong: object
    only: str = ""  # a variant; every variant without it

    def value(self, resource: Deployed) -> object:
        found: Any = resource.body
        for name in self.path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def violations(self, resources: list[Deployed]) -> list[str]:
        mine = [each for each in resources if each.kind == self.kind]
        return [each.symbol for each in mine if self.value(each) not in self.allowed]


SITE, STORAGE, VAULT = "Microsoft.Web/sites", "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"
BUS = "Microsoft.ServiceBus/namespaces"
RULES = {
    "storage has no keys": Rule(STORAGE, "properties.allowSharedKeyAccess", (False,), True),
    "blobs are not public": Rule(STORAGE, "properties.allowBlobPublicAccess", (False,), None),
    "containers are not public": Rule(
        f"{STORAGE}/blobServices/containers", "properties.publicAccess", ("None",), "Blob"
    ),
    "storage speaks TLS 1.2": Rule(STORAGE, "properties.minimumTlsVersion", ("TLS1_2", "TLS1_3"), "TLS1_0"),
    "storage takes no plain HTTP": Rule(STORAGE, "properties.supportsHttpsTrafficOnly", (True,), False),
    "the bus speaks TLS 1.2": Rule(BUS, "properties.minimumTlsVersion", ("1.2", "1.3"), "1.0"),
    "the app takes no plain HTTP": Rule(SITE, "properties.httpsOnly", (True,), False),
    "the app speaks TLS 1.2": Rule(SITE, "properties.siteConfig.minTlsVersion", ("1.2", "1.3"), "1.0"),
    "deployment speaks TLS 1.2": Rule(SITE, "properties.siteConfig.scmMinTlsVersion", ("1.2", "1.3"), None),
    "there is no FTP": Rule(SITE, "properties.siteConfig.ftpsState", ("Disabled",), "AllAllowed"),
    "deployment takes no password": Rule(
        f"{SITE}/basicPublishingCredentialsPolicies", "properties.allow", (False,), True
    ),
    "packages are read by identity": Rule(
        SITE,
        "properties.functionAppConfig.deployment.storage.authentication.type",
        ("UserAssignedIdentity",),
        "StorageAccountConnectionString",
    ),
    "secrets are given by role": Rule(VAULT, "properties.enableRbacAuthorization", (True,), False),
    "deleted secrets come back": Rule(VAULT, "properties.enablePurgeProtection", (True,), None),
    "telemetry is sent by identity": Rule(
        "Microsoft.Insights/components", "properties.DisableLocalAuth", (True,), False
    ),
    "logs have no keys": Rule(
        "Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", (True,), None
    ),
    "keys of the bus may only send": Rule(
        f"{BUS}/queues/authorizationRules", "properties.rights", (["Send"],), ["Send", "Listen"]
    ),
    "rights are given to somebody of a known kind": Rule(
        "Microsoft.Authorization/roleAssignments",
        "properties.principalType",
        ("ServicePrincipal", "User", "Group"),
        None,
    ),
    "private storage is closed": Rule(STORAGE, "properties.publicNetworkAccess", ("Disabled",), "Enabled", only="full"),
    "private storage denies": Rule(STORAGE, "properties.networkAcls.defaultAction", ("Deny",), "Allow", only="full"),
    "a private vault denies": Rule(VAULT, "properties.networkAcls.defaultAction", ("Deny",), "Allow", only="full"),
}
#: Kinds that must not be there at all: keys that reach more than one queue.
FORBIDDEN = {f"{BUS}/AuthorizationRules", f"{BUS}/topics/authorizationRules", f"{VAULT}/secrets"}


def variants(rule: Rule) -> list[list[Deployed]]:
    return [list(deployed(variant).all()) for variant in VARIANTS if rule.only in ("", variant)]


@pytest.mark.parametrize("name", RULES)
def test_the_template_keeps_the_rule(name):
    rule = RULES[name]

    assert [rule.violations(resources) for resources in variants(rule)] == [[] for _ in variants(rule)]
    assert all(any(each.kind == rule.kind for each in resources) for resources in variants(rule))


def with_value(node: Mapping[str, object], path: list[str], value: object) -> dict[str, object]:
    key, *rest = path
    inner = node.get(key)
    return {**node, key: with_value(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value}


@pytest.mark.parametrize("name", RULES)
def test_a_violation_is_found(name):
    rule = RULES[name]
    good = next(each for each in variants(rule)[0] if each.kind == rule.kind)
    bad = replace(good, body=with_value(good.body, rule.path.split("."), rule.wrong))

    assert rule.violations([good]) == []
    assert rule.violations([bad]) == [bad.symbol]


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_key_reaches_more_than_one_queue_and_no_secret_is_in_the_template(variant):
    assert {each.kind for each in deployed(variant).all()} & FORBIDDEN == set()


@pytest.mark.parametrize("kind", [VAULT, BUS])
def test_who_changes_secrets_or_entities_is_recorded(kind):
    settings = [each for each in deployed("least").all() if each.kind == "Microsoft.Insights/diagnosticSettings"]

    assert [each for each in settings if f"/{kind}/" in each.id]

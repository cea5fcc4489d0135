"""What the template deploys: entities of the bus, settings of the app, rights, names, and the order of it all."""

import json
import re

import pytest

from connector.servicebus.entities import ENTITIES_FILE
from connector.settings import Settings
from tests.infra.deploy import deploy, needs
from tests.infra.ours import FULL, INFRA, LEAST, MAIN, ROOT, VARIANTS, app_settings, deployed, one, resources
from tests.infra.syntax import read
from tests.infra.tree import Module, Output, Parameter

EACH_VARIANT = pytest.mark.parametrize("variant", VARIANTS)
ENTITIES = json.loads(ENTITIES_FILE.read_text(encoding="utf-8"))
BUS = "Microsoft.ServiceBus/namespaces"


# Entities of the bus


def properties_of(kind):
    return {
        resource.id.split("/namespaces/")[1].partition("/")[2]: resource.body for resource in resources("least", kind)
    }


def defined(entry, *without):
    return {key: value for key, value in entry.items() if key not in ("name", *without)}


def sent(body):
    """What is sent of an entity, but for its size, which is a limit of the namespace."""
    return {key: value for key, value in body["properties"].items() if key != "maxSizeInMegabytes"}


def test_queues_are_those_of_the_definition():
    assert {name: sent(body) for name, body in properties_of(f"{BUS}/queues").items()} == {
        f"queues/{queue['name']}": defined(queue) for queue in ENTITIES["queues"]
    }


def test_topics_are_those_of_the_definition():
    assert {name: sent(body) for name, body in properties_of(f"{BUS}/topics").items()} == {
        f"topics/{topic['name']}": defined(topic, "subscriptions") for topic in ENTITIES["topics"]
    }


def test_subscriptions_are_those_of_the_definition():
    assert {name: body["properties"] for name, body in properties_of(f"{BUS}/topics/subscriptions").items()} == {
        f"topics/{topic['name']}/subscriptions/{entry['name']}": defined(entry, "correlationFilter")
        for topic in ENTITIES["topics"]
        for entry in topic["subscriptions"]
    }


def test_each_subscription_has_one_rule_that_replaces_the_one_that_takes_everything():
    assert {name: body["properties"] for name, body in properties_of(f"{BUS}/topics/subscriptions/rules").items()} == {
        f"topics/{topic['name']}/subscriptions/{entry['name']}/rules/$Default": {
            "filterType": "CorrelationFilter",
            "correlationFilter": {"properties": entry["correlationFilter"]},
        }
        for topic in ENTITIES["topics"]
        for entry in topic["subscriptions"]
    }


def test_keys_are_those_of_the_definition_and_may_only_send():
    rules = properties_of(f"{BUS}/queues/authorizationRules")

    assert {name: body["properties"]["rights"] for name, body in rules.items()} == {
        f"queues/{rule['queue']}/authorizationRules/{rule['name']}": rule["rights"]
        for rule in ENTITIES["authorizationRules"]
    }
    assert all(body["properties"]["rights"] == ["Send"] for body in rules.values())


def test_no_file_of_the_template_names_an_entity():
    names = {entry["name"] for kind in ("queues", "topics", "authorizationRules") for entry in ENTITIES[kind]}
    names |= {entry["name"] for topic in ENTITIES["topics"] for entry in topic["subscriptions"]}
    texts = {path.name: set(re.findall(r"'([^']+)'", path.read_text())) for path in INFRA.rglob("*.bicep")}

    assert {file: found & names for file, found in texts.items() if found & names} == {}


def test_dataverse_may_sign_with_its_key():
    assert one("least", BUS).body["properties"]["disableLocalAuth"] is False


# The order


def test_the_app_comes_after_everything_that_it_needs():
    modules = {module.name for module in read(MAIN).of_kind(Module)}

    assert modules - needs(read(MAIN), "app") - {"app", "alerts", "workbook"} == set()


# Settings of the app


#: Settings that the host, the engine or the exporter reads, and not the connector.
OF_THE_PLATFORM = {
    *("AzureWebJobsStorage__accountName", "AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId"),
    *("AZURE_CLIENT_ID", "PYTHON_ENABLE_OPENTELEMETRY"),
    *("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"),
    *("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "APPLICATIONINSIGHTS_SDKSTATS_DISABLED"),
    *("APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED",),
    *("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG", "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL"),
}
#: Settings that Azure refuses on this plan, or that would contradict what the app is told elsewhere.
NEVER = {
    *("AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"),
    *(
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "ENABLE_ORYX_BUILD",
        "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
        "ServiceBus",
    ),
}


def of_the_connector():
    return {str(field.validation_alias or name.upper()): field for name, field in Settings.model_fields.items()}


def schedules():
    triggers = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "connector/triggers").glob("*.py"))
    return set(re.findall(r"%([A-Z_]+)%", triggers))


@EACH_VARIANT
def test_every_setting_that_is_required_is_set_and_none_that_nobody_reads(variant):
    required = {name for name, field in of_the_connector().items() if field.is_required()}
    settings = app_settings(variant).keys()

    assert required - settings == set()
    assert schedules() - settings == set()
    assert settings - of_the_connector().keys() - schedules() == OF_THE_PLATFORM
    assert settings & NEVER == set()


def test_host_and_worker_are_both_in_the_mode_of_opentelemetry():
    """With one of them only, lines would come twice or not at all."""
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))

    assert host["telemetryMode"] == "OpenTelemetry"
    assert app_settings("least")["PYTHON_ENABLE_OPENTELEMETRY"] == "true"


@EACH_VARIANT
def test_the_connector_accepts_the_settings(variant, monkeypatch):
    values = {
        name: re.sub(r"«[^»]*Uri»", "https://v.vault.azure.net/", value)
        for name, value in app_settings(variant).items()
    }
    values = {name: re.sub(r"«[^»]*blob»", "https://a.blob.core.windows.net/", value) for name, value in values.items()}
    secrets = {name: "from the vault" for name, value in values.items() if value.startswith("@Microsoft.KeyVault(")}
    for name in of_the_connector():
        monkeypatch.delenv(name, raising=False)
    for name, value in {**values, **secrets}.items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.state.get_secret_value() == "https://a.blob.core.windows.net"
    assert not settings.state_is_directory
    assert settings.service_bus_credential == "managedidentity"
    assert (settings.dataverse_client_secret is not None) == (variant == "full")


@EACH_VARIANT
def test_secrets_are_references_without_a_version_and_nothing_else_is(variant):
    settings = app_settings(variant)
    secret = {
        "SPOTLER_KEY",
        "SPOTLER_SECRET",
        "DATAVERSE_CLIENT_SECRET",
        "LEADS_CLIENT_SECRET",
        "LEADS_USER",
        "LEADS_PASSWORD",
    }
    references = {name for name, value in settings.items() if value.startswith("@Microsoft.KeyVault(")}

    assert references == settings.keys() & secret
    assert {settings[name] for name in references} == {
        f"@Microsoft.KeyVault(SecretUri=«vault.properties.vaultUri»secrets/{name.lower().replace('_', '-')}/)"
        for name in references
    }


def test_the_secrets_to_set_are_those_that_the_settings_refer_to():
    for variant in VARIANTS:
        named = deployed(variant).outputs["SECRETS_TO_SET"].split()
        references = "".join(app_settings(variant).values())

        assert set(named) == set(re.findall(r"secrets/([a-z-]+)/\)", references))


def test_settings_of_the_administrator_win_but_not_over_secrets():
    own = {"SWEEP_SCHEDULE": "0 * * * * *", "NEW_SUBSCRIBERS": "lead", "SPOTLER_KEY": "in clear text"}
    parameters = {**LEAST, "settings": own}
    (app,) = (each for each in deploy(MAIN, parameters).all() if each.name == "appsettings")
    properties = app.body["properties"]

    assert (properties["SWEEP_SCHEDULE"], properties["NEW_SUBSCRIBERS"]) == ("0 * * * * *", "lead")
    assert properties["SPOTLER_KEY"].startswith("@Microsoft.KeyVault(")


def test_without_a_client_the_identity_of_the_app_is_the_user_of_dataverse():
    settings = app_settings("least")

    assert settings["DATAVERSE_CLIENT_ID"] == settings["ServiceBus__clientId"] == settings["STATE_CLIENT_ID"]
    assert settings.keys().isdisjoint({"DATAVERSE_TENANT_ID", "DATAVERSE_CLIENT_SECRET"})


# Rights


#: What each role is called in Azure. Ids are the same in every subscription.
ROLES = {
    "keyVaultSecretsOfficer": ("Key Vault Secrets Officer", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"),
    "keyVaultSecretsUser": ("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"),
    "monitoringMetricsPublisher": ("Monitoring Metrics Publisher", "3913510d-42f4-4e42-8a64-420c390055eb"),
    "reader": ("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    "serviceBusDataOwner": ("Azure Service Bus Data Owner", "090c5cfd-751d-490a-894a-3ce6f1109419"),
    "serviceBusDataReceiver": ("Azure Service Bus Data Receiver", "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"),
    "serviceBusDataSender": ("Azure Service Bus Data Sender", "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"),
    "storageBlobDataContributor": ("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
    "storageBlobDataOwner": ("Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"),
    "storageTableDataContributor": ("Storage Table Data Contributor", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"),
}
NAMES = {identifier: name for name, identifier in ROLES.values()}


def test_roles_have_the_ids_of_their_names():
    roles = json.loads((INFRA / "roles.json").read_text(encoding="utf-8"))

    assert roles == {key: identifier for key, (_, identifier) in ROLES.items()}


def assignments(variant):
    """Who may do what where: the principal, the role, and the kind of resource."""
    found = set()
    for each in resources(variant, "Microsoft.Authorization/roleAssignments"):
        properties = each.body["properties"]
        where = each.id.partition("/providers/Microsoft.Authorization")[0].split("/")[-2]
        found.add((properties["principalId"], NAMES[properties["roleDefinitionId"].rpartition("/")[2]], where))
    return found


APP = {
    ("«identity.properties.principalId»", "Storage Blob Data Owner", "storageAccounts"),
    ("«identity.properties.principalId»", "Storage Table Data Contributor", "storageAccounts"),
    ("«identity.properties.principalId»", "Azure Service Bus Data Owner", "namespaces"),
    ("«identity.properties.principalId»", "Key Vault Secrets User", "vaults"),
    ("«identity.properties.principalId»", "Monitoring Metrics Publisher", "components"),
}


def test_the_app_may_do_what_it_needs_and_nothing_else():
    assert assignments("least") == APP


def test_people_get_the_rights_of_their_work_only():
    administrator, operators = FULL["principalId"], FULL["operatorGroupId"]

    assert assignments("full") - APP == {
        (administrator, "Key Vault Secrets Officer", "vaults"),
        (administrator, "Azure Service Bus Data Receiver", "namespaces"),
        (administrator, "Azure Service Bus Data Sender", "namespaces"),
        (operators, "Reader", "resourceGroups"),
        (operators, "Azure Service Bus Data Receiver", "namespaces"),
        (operators, "Azure Service Bus Data Sender", "namespaces"),
        (operators, "Storage Blob Data Contributor", "containers"),
    }


@EACH_VARIANT
def test_no_two_assignments_have_one_name(variant):
    names = [each.name for each in resources(variant, "Microsoft.Authorization/roleAssignments")]

    assert len(set(names)) == len(names)


# Names


#: Microsoft's rules for names, as regular expressions: resource name rules of Azure Resource Manager.
RULES = {
    "Microsoft.Resources/resourceGroups": r"[\w().-]{0,89}[\w()-]",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[A-Za-z0-9][\w-]{2,127}",
    "Microsoft.OperationalInsights/workspaces": r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
    "Microsoft.Insights/components": r"[^%&\\?/]{0,254}[^%&\\?/. ]",
    "Microsoft.Insights/actionGroups": r"[^:<>+/&%\\?|]{0,259}[^:<>+/&%\\?|. ]",
    "Microsoft.Insights/scheduledQueryRules": r"[^*<>?:%&#+/\\]{0,259}[^*<>?:%&#+/\\. ]",
    "Microsoft.Insights/metricAlerts": r"[^*#&+:<>?@%{}/\\|]{0,259}[^*#&+:<>?@%{}/\\|. ]",
    "Microsoft.Insights/workbooks": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"(?=.{3,63}$)[a-z0-9](-?[a-z0-9])+",
    "Microsoft.KeyVault/vaults": r"(?=.{3,24}$)[A-Za-z](-?[A-Za-z0-9])+",
    "Microsoft.ServiceBus/namespaces": r"(?!.*(-sb|-mgmt)$)[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]",
    "Microsoft.ServiceBus/namespaces/queues": r"[A-Za-z0-9]([\w./~-]{0,258}[A-Za-z0-9])?",
    "Microsoft.ServiceBus/namespaces/queues/authorizationRules": r"[A-Za-z0-9]([\w.-]{0,48}[A-Za-z0-9])?",
    "Microsoft.ServiceBus/namespaces/topics": r"[A-Za-z0-9]([\w./~-]{0,258}[A-Za-z0-9])?",
    "Microsoft.ServiceBus/namespaces/topics/subscriptions": r"[A-Za-z0-9]([\w.-]{0,48}[A-Za-z0-9])?",
    # Longer names are cut to 32 characters for the id of the host, by which it takes its locks.
    "Microsoft.Web/sites": r"[A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]",
    "Microsoft.Web/serverfarms": r"[A-Za-z0-9-]{1,60}",
    "Microsoft.Network/virtualNetworks": r"[A-Za-z0-9][\w.-]{0,62}\w",
    "Microsoft.Network/networkSecurityGroups": r"[A-Za-z0-9][\w.-]{0,78}\w",
    "Microsoft.Network/privateEndpoints": r"[A-Za-z0-9][\w.-]{0,62}\w",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": r"[A-Za-z0-9][\w.-]{0,78}\w",
}
#: Kinds whose name Azure gives, or which are not named freely.
FIXED = {
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
    "Microsoft.Web/sites/config",
}


#: What azd takes for a name: letters, digits, full stops, hyphens, underscores and parentheses, up to 64.
ENVIRONMENTS = ("p", "production", "Test-1", "-.-", "(x).", "_", "9", "a.b.", "X" * 64, "." * 64, "()" * 32)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_names_are_valid_for_every_name_of_an_environment_that_azd_takes(environment):
    names = [(each.kind, each.name) for each in deploy(MAIN, {**FULL, "environmentName": environment}).all()]

    assert {kind for kind, _ in names} - FIXED == RULES.keys()
    assert [name for kind, name in names if kind in RULES and not re.fullmatch(RULES[kind], name)] == []


# What stays readable


def test_no_output_holds_a_secret():
    secret = re.compile(r"list\w*\(|connectionString|key\b|password|secretUri", re.IGNORECASE)
    for path in INFRA.rglob("*.bicep"):
        for output in read(path).of_kind(Output):
            assert not secret.search(repr(output.value)), f"{path.name}: {output.name}"
    for variant in VARIANTS:
        values = {name: str(value) for name, value in deployed(variant).outputs.items() if name != "SECRETS_TO_SET"}
        assert [name for name, value in values.items() if secret.search(value)] == []


def test_no_parameter_takes_a_secret_and_no_secret_is_written():
    for path in INFRA.rglob("*.bicep"):
        parameters = {each.name.lower() for each in read(path).of_kind(Parameter)}
        assert {name for name in parameters if re.search(r"secret$|password|apikey|spotlerkey", name)} == set()
    assert all(resources(variant, "Microsoft.KeyVault/vaults/secrets") == [] for variant in VARIANTS)


def test_the_parameters_file_gives_parameters_that_exist_and_all_that_are_required():
    given_parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    declared = {each.name: each for each in read(MAIN).of_kind(Parameter)}

    assert given_parameters.keys() - declared.keys() == set()
    assert {name for name, each in declared.items() if each.default is None} - given_parameters.keys() == set()


def test_the_values_of_the_parameters_file_are_the_defaults():
    given_parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    written = {
        name: each["value"] for name, each in given_parameters.items() if not str(each["value"]).startswith("${")
    }

    def body(parameters):
        return [(each.id, each.body) for each in deploy(MAIN, parameters).all()]

    assert body({**LEAST, **written}) == body(LEAST)

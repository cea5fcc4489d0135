"""The messages themselves: their form for every kind of write, without a bus."""

import json
import re

import pytest

from connector.dataverse.schema import Step
from sandbox.dataverse.context import MessageTooLargeError
from tests.contract.posting import PostingScene

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
CLAIMS = "http://schemas.microsoft.com/xrm/2011/Claims/"
STEPS = (
    Step("Create", "contact"),
    Step(
        "Update",
        "contact",
        filtering=("emailaddress1", "parentcustomerid"),
        pre_image=("emailaddress1", "parentcustomerid"),
    ),
    Step("Delete", "contact", pre_image=("emailaddress1",)),
    Step("Merge", "contact"),
    Step("Create", "dh_spotlerjob"),
)


class Scene(PostingScene):
    """An environment whose messages are caught before they reach a bus."""

    def __init__(self):
        super().__init__(STEPS)

    def messages(self):
        """What was posted since the last look."""
        messages = [self.environment.contexts.message(posting) for posting in self.postings]
        self.postings.clear()
        return messages

    def context(self):
        (message,) = self.messages()
        return json.loads(message.body)


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def contact(scene):
    row_id = scene.call(
        "POST", "contacts", {"firstname": "Zoë", "lastname": "de Wit", "emailaddress1": "zoe@example.org"}
    )
    scene.postings.clear()
    return row_id


def pairs(items):
    return {item["key"]: item["value"] for item in items}


def target(context):
    return pairs(context["InputParameters"])["Target"]


def test_all_members_stand_there_in_alphabetical_order(scene):
    scene.call("POST", "contacts", {"lastname": "x"})
    context = scene.context()

    assert list(context) == [
        "BusinessUnitId",
        "CorrelationId",
        "Depth",
        "InitiatingUserAgent",
        "InitiatingUserAzureActiveDirectoryObjectId",
        "InitiatingUserId",
        "InputParameters",
        "IsExecutingOffline",
        "IsInTransaction",
        "IsOfflinePlayback",
        "IsolationMode",
        "MessageName",
        "Mode",
        "OperationCreatedOn",
        "OperationId",
        "OrganizationId",
        "OrganizationName",
        "OutputParameters",
        "OwningExtension",
        "ParentContext",
        "PostEntityImages",
        "PreEntityImages",
        "PrimaryEntityId",
        "PrimaryEntityName",
        "RequestId",
        "SecondaryEntityName",
        "SharedVariables",
        "Stage",
        "UserAzureActiveDirectoryObjectId",
        "UserId",
    ]
    assert (context["Depth"], context["Mode"], context["Stage"], context["SecondaryEntityName"]) == (1, 1, 40, "none")
    assert context["InitiatingUserId"] == context["UserId"] == scene.environment.administrator.id
    assert re.fullmatch(r"/Date\(\d{13}\+0000\)/", context["OperationCreatedOn"])


def test_every_solidus_is_escaped_and_text_is_plain_utf8(scene):
    scene.call("POST", "contacts", {"lastname": "Zoë / de Wit"})
    (message,) = scene.messages()

    assert rb"\/Date(" in message.body
    assert b"/" not in message.body.replace(rb"\/", b"")
    assert "Zoë \\/ de Wit".encode() in message.body


def test_create_holds_what_was_set_defaults_and_platform_columns(scene):
    row_id = scene.call("POST", "contacts", {"lastname": "x", "birthdate": "1980-05-17", "creditlimit": 12.5})
    context = scene.context()
    attributes = pairs(target(context)["Attributes"])

    assert target(context)["__type"] == f"Entity:{CONTRACTS}"
    assert list(target(context)) == [
        "__type",
        "Attributes",
        "EntityState",
        "FormattedValues",
        "Id",
        "KeyAttributes",
        "LogicalName",
        "RelatedEntities",
        "RowVersion",
    ]
    assert attributes["contactid"] == row_id
    assert attributes["lastname"] == "x"
    assert attributes["statecode"] == {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 0}
    assert attributes["creditlimit"] == {"__type": f"Money:{CONTRACTS}", "Value": 12.5}
    assert attributes["birthdate"] == "/Date(327369600000)/"
    assert attributes["donotbulkemail"] is False
    assert attributes["modifiedonbehalfby"] is None
    assert attributes["ownerid"] == {
        "__type": f"EntityReference:{CONTRACTS}",
        "Id": scene.environment.administrator.id,
        "KeyAttributes": [],
        "LogicalName": "systemuser",
        "Name": None,
        "RowVersion": None,
    }
    assert "versionnumber" not in attributes
    assert context["OutputParameters"] == [{"key": "id", "value": row_id}]


def test_create_formats_labels(scene):
    scene.call("POST", "dh_spotlerjobs", {"dh_operation": 100000003})
    labels = pairs(target(scene.context())["FormattedValues"])

    assert (labels["dh_operation"], labels["statuscode"]) == ("Add Tag", "Queued")


def test_the_platform_adds_an_image_with_name_and_id_and_without_type(scene, contact):
    scene.call("PATCH", f"contacts({contact})", {"emailaddress1": "new@example.org"})
    image = pairs(scene.context()["PostEntityImages"])["AsynchronousStepPrimaryName"]

    assert "__type" not in image
    assert image["Attributes"] == [{"key": "fullname", "value": "Zoë de Wit"}, {"key": "contactid", "value": contact}]


def test_update_holds_only_what_was_sent_and_what_followed_from_it(scene, contact):
    scene.call("PATCH", f"contacts({contact})", {"emailaddress1": None, "lastname": "Wit"})
    entity = target(scene.context())
    attributes = pairs(entity["Attributes"])

    assert list(attributes) == [
        "contactid",
        "emailaddress1",
        "lastname",
        "fullname",
        "modifiedon",
        "modifiedby",
        "modifiedonbehalfby",
    ]
    assert (attributes["emailaddress1"], attributes["fullname"]) == (None, "Zoë Wit")
    assert entity["RowVersion"].isdigit()
    assert entity["FormattedValues"] == []


def test_update_posts_only_when_a_filtering_column_was_sent(scene, contact):
    scene.call("PATCH", f"contacts({contact})", {"lastname": "Wit"})
    assert scene.messages() == []

    scene.call("PATCH", f"contacts({contact})", {"emailaddress1": "zoe@example.org"})
    assert len(scene.messages()) == 1


def test_pre_images_hold_the_old_values_with_names_of_lookups(scene, contact):
    account = scene.call("POST", "accounts", {"name": "Voorbeeld BV"})
    scene.call("PATCH", f"contacts({contact})", {"parentcustomerid_account@odata.bind": f"/accounts({account})"})
    scene.call("PATCH", f"contacts({contact})", {"parentcustomerid_account": None, "emailaddress1": "n@example.org"})
    _, message = scene.messages()
    image = pairs(json.loads(message.body)["PreEntityImages"])["PreImage"]
    attributes = pairs(image["Attributes"])

    assert set(attributes) == {"contactid", "emailaddress1", "parentcustomerid"}
    assert attributes["emailaddress1"] == "zoe@example.org"
    assert (attributes["parentcustomerid"]["LogicalName"], attributes["parentcustomerid"]["Name"]) == (
        "account",
        "Voorbeeld BV",
    )


def test_delete_holds_a_reference_and_the_pre_image(scene, contact):
    scene.call("DELETE", f"contacts({contact})")
    context = scene.context()

    assert target(context)["__type"] == f"EntityReference:{CONTRACTS}"
    assert (target(context)["Id"], target(context)["LogicalName"]) == (contact, "contact")
    assert context["PostEntityImages"] == []
    image = pairs(context["PreEntityImages"])["PreImage"]
    assert pairs(image["Attributes"])["emailaddress1"] == "zoe@example.org"


def test_a_merge_holds_both_rows_and_the_content_and_nothing_else_is_posted(scene, contact):
    other = scene.call("POST", "contacts", {"lastname": "Wit", "emailaddress1": "wit@example.org"})
    scene.postings.clear()
    merge(scene, contact, other, UpdateContent={"emailaddress1": "both@example.org"})
    context = scene.context()
    parameters = pairs(context["InputParameters"])

    assert (context["MessageName"], context["PrimaryEntityId"], context["PrimaryEntityName"]) == (
        "Merge", contact, "contact"
    )  # fmt: skip
    assert (parameters["Target"]["Id"], parameters["SubordinateId"]) == (contact, other)
    assert parameters["PerformParentingChecks"] is False
    assert pairs(parameters["UpdateContent"]["Attributes"]) == {"emailaddress1": "both@example.org"}


def merge(scene, target, subordinate, **parameters):
    def row(values):
        return {"@odata.type": "Microsoft.Dynamics.CRM.contact", **values}

    content = {name: row(values) for name, values in parameters.items()}
    named = {"Target": row({"contactid": target}), "Subordinate": row({"contactid": subordinate})}
    scene.call("POST", "Merge", {**named, "PerformParentingChecks": False, **content})


def test_links_removed_by_a_deletion_post_nothing(scene, contact):
    account = scene.call("POST", "accounts", {"name": "x"})
    scene.call("PATCH", f"contacts({contact})", {"parentcustomerid_account@odata.bind": f"/accounts({account})"})
    scene.postings.clear()
    scene.call("DELETE", f"accounts({account})")

    assert scene.messages() == []


def test_a_tag_becomes_a_shared_variable(scene):
    scene.call("POST", "contacts", {"lastname": "x"}, query="tag=spotler-connector")
    scene.call("POST", "contacts", {"lastname": "x"})
    tagged, untagged = (pairs(json.loads(m.body)["SharedVariables"]) for m in scene.messages())

    assert tagged["tag"] == "spotler-connector"
    assert "tag" not in untagged


def test_steps_are_silenced_by_the_bypass_header(scene):
    header = {"mscrm.bypassbusinesslogicexecution": "CustomSync,CustomAsync"}
    scene.call("POST", "contacts", {"lastname": "x"}, **header)

    assert scene.messages() == []


def test_bulk_messages_post_once_per_row_with_one_correlation(scene):
    targets = [{"@odata.type": "Microsoft.Dynamics.CRM.contact", "lastname": name} for name in "abc"]
    scene.call("POST", "contacts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    contexts = [json.loads(message.body) for message in scene.messages()]

    assert [context["MessageName"] for context in contexts] == ["Create"] * 3
    assert len({context["CorrelationId"] for context in contexts}) == 1
    assert len({context["OperationId"] for context in contexts}) == 3


def test_the_broker_gets_the_claims_and_an_id_without_dashes(scene):
    scene.call("POST", "contacts", {"lastname": "x"})
    (message,) = scene.messages()

    assert message.properties[f"{CLAIMS}EntityLogicalName"] == "contact"
    assert message.properties[f"{CLAIMS}RequestName"] == "Create"
    assert message.properties[f"{CLAIMS}InitiatingUser"] == scene.environment.administrator.id
    assert re.fullmatch("[0-9a-f]{32}", message.message_id)


def test_a_message_that_is_too_long_loses_parameters_and_images(scene):
    scene.call("POST", "dh_spotlerjobs", {"dh_automationfields": "é" * 99_000})
    (message,) = scene.messages()
    context = json.loads(message.body)

    assert message.properties["MessageMaxSizeExceeded"] is True
    assert [context[name] for name in ("InputParameters", "ParentContext", "PostEntityImages", "PreEntityImages")] == [
        None
    ] * 4
    assert context["PrimaryEntityName"] == "dh_spotlerjob"


def test_a_message_that_is_still_too_long_cannot_be_posted(scene):
    scene.call("POST", "contacts", {"lastname": "x"})
    scene.call("POST", "contacts", {"lastname": "x"}, **{"user-agent": "x" * 200_000})
    first, second = scene.postings

    assert scene.environment.contexts.message(first)
    with pytest.raises(MessageTooLargeError):
        scene.environment.contexts.message(second)


def test_a_disabled_step_posts_nothing(scene):
    step = scene.environment.steps.registered[0].id
    scene.call("PATCH", f"sdkmessageprocessingsteps({step})", {"statecode": 1, "statuscode": 2})
    scene.call("POST", "contacts", {"lastname": "x"})

    assert scene.messages() == []


def test_text_can_be_garbled_as_some_environments_do(scene):
    scene.environment.contexts.garbled = True
    scene.call("POST", "contacts", {"lastname": "Zoë €"})
    (message,) = scene.messages()

    assert "Zoë €".encode().decode("cp1252") in message.body.decode()

"""The shapes of fixtures. On the wire the names are those of the API: `externalId`, `triggerCode`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.spotler.properties import Kind
from sandbox.spotler.store.contacts import Inactive


class Strict(BaseModel):
    """Refuses members that it does not know."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class ContactFixture(Strict):
    """A contact; without `externalId` it is one that came by itself. `tags` maps names to scores or null."""

    external_id: str | None = None
    field: str | None = None
    properties: dict[str, object] = {}
    test_group: bool = False
    temporary: bool = False
    inactive: Inactive | None = None
    last_changed: datetime | None = None
    tags: dict[str, int | None] = {}


class TriggerFixture(Strict):
    """An external trigger."""

    trigger_code: str
    name: str = "From CRM"


class FieldFixture(Strict):
    """A field that messages use."""

    name: str
    type: Literal["STRING", "URL", "PRODUCTLIST"] = "STRING"


class AutomationFixture(Strict):
    """An automation; one with the same id is replaced."""

    automation_id: str
    name: str
    active: bool = True
    triggers: list[TriggerFixture] = []
    fields: list[FieldFixture] = []
    participation_limit: int | None = None


class CampaignFixture(Strict):
    """A campaign; one with the same id is replaced."""

    encrypted_id: str
    name: str
    active: bool = True
    triggers: list[TriggerFixture] = []
    mailings: list[str] = []


class LinkFixture(Strict):
    """A link in a mailing."""

    id: int
    name: str
    url: str
    type: str | None = None


class MailingFixture(Strict):
    """A mailing; `campaign` makes it one that campaigns send."""

    encrypted_id: str
    name: str
    subject: str = ""
    campaign: bool = False
    type: Literal["EMAIL", "SMS"] = "EMAIL"
    scheduled_start_date: datetime | None = None
    trend_report_id: int | None = None
    links: list[LinkFixture] = []


class TrendReportFixture(Strict):
    """A report over mailings."""

    id: int
    name: str
    enabled: bool = True


class AudienceFixture(Strict):
    """An audience with members by external id; one with the same id is replaced."""

    external_id: str
    name: str
    in_use: bool = False
    members: list[str] = []


class TemporaryListFixture(Strict):
    """A temporary list, possibly one that was made elsewhere."""

    external_id: str | None = None
    name: str
    type: Literal["IMPORT", "RESPONSE", "API", "SPLIT"] = "API"
    in_use: bool = False


class FormFieldFixture(Strict):
    """A question of a form."""

    id: int
    description: str
    property: str | None = None


class FormFixture(Strict):
    """A form."""

    id: int
    enc_id: str | None = None
    name: str
    form_sub_type: Literal["normal", "subscribe", "unSubscribe", "editProfile"] = "normal"
    form_state: Literal["draft", "proof", "final"] = "final"
    fields: list[FormFieldFixture] = []


class OptionFixture(Strict):
    """An option of a set."""

    bit: int = Field(gt=0)
    description: str
    rank: int = 1


class PropertyFixture(Strict):
    """A property; one with the same name is replaced."""

    name: str
    description: str
    type: Kind
    entries: list[OptionFixture] = []
    visible: bool = True


class Contacts(Strict):
    """Body of `POST /_sandbox/contacts`."""

    contacts: list[ContactFixture]


class Automations(Strict):
    """Body of `POST /_sandbox/automations`."""

    automations: list[AutomationFixture]


class Campaigns(Strict):
    """Body of `POST /_sandbox/campaigns`."""

    campaigns: list[CampaignFixture]


class Mailings(Strict):
    """Body of `POST /_sandbox/mailings`."""

    mailings: list[MailingFixture] = []
    trend_reports: list[TrendReportFixture] = []


class Lists(Strict):
    """Body of `POST /_sandbox/lists`."""

    audiences: list[AudienceFixture] = []
    temporary_lists: list[TemporaryListFixture] = []


class Forms(Strict):
    """Body of `POST /_sandbox/forms`."""

    forms: list[FormFixture]


class Properties(Strict):
    """Body of `POST /_sandbox/properties`; `replace` forgets those that were there."""

    properties: list[PropertyFixture]
    replace: bool = False


class PermissionNames(Strict):
    """Body of `POST /_sandbox/permission_names`: new names by bit."""

    names: dict[int, str]


class Visibility(Strict):
    """Body of `POST /_sandbox/visibility`: by the name of the property."""

    visible: dict[str, bool]

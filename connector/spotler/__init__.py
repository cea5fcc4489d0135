"""Everything that speaks Spotler Mail+."""

from connector.spotler.client import Spotler, spotler_from
from connector.spotler.conversions import CLEARED, MONEY_UNIT, from_spotler, to_spotler
from connector.spotler.errors import ContactUnknown, NotLicensed, NotSupported
from connector.spotler.extensions import TAG_LENGTH
from connector.spotler.fields import Field, Fields, Option, PropertyType
from connector.spotler.models import (
    Audience,
    Automation,
    AutomationRun,
    Bounce,
    BounceType,
    Campaign,
    ContactData,
    ContactResult,
    ContactTag,
    FieldType,
    Interaction,
    InteractionKind,
    MembershipResult,
    OptOut,
    OptOutScope,
    ScoreOperation,
    SpotlerContact,
    Trigger,
    TriggerField,
    TriggerResult,
)
from connector.spotler.text_values import parse_boolean, parse_text

__all__ = [
    "CLEARED",
    "MONEY_UNIT",
    "TAG_LENGTH",
    "Audience",
    "Automation",
    "AutomationRun",
    "Bounce",
    "BounceType",
    "Campaign",
    "ContactData",
    "ContactResult",
    "ContactTag",
    "ContactUnknown",
    "Field",
    "FieldType",
    "Fields",
    "Interaction",
    "InteractionKind",
    "MembershipResult",
    "NotLicensed",
    "NotSupported",
    "OptOut",
    "OptOutScope",
    "Option",
    "PropertyType",
    "ScoreOperation",
    "Spotler",
    "SpotlerContact",
    "Trigger",
    "TriggerField",
    "TriggerResult",
    "from_spotler",
    "parse_boolean",
    "parse_text",
    "spotler_from",
    "to_spotler",
]

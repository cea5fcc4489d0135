"""The tables of the connector's solution about what people do: interactions and website visitors."""

from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Interaction, Visitor
from connector.dataverse.schema.model import Column, Kind, Table, choice, lookup, text
from connector.dataverse.schema.system import system_columns

INTERACTION = Table(
    name=Interaction.TABLE,
    set_name=Interaction.SET,
    label="Marketing Interaction",
    id_column=Interaction.ID,
    name_column=Interaction.NAME,
    own=True,
    columns=(
        Column(Interaction.ID, Kind.ID, "Marketing Interaction"),
        text(Interaction.NAME, "Name", 300),
        lookup(Interaction.CONTACT, "Contact", {"contact": Interaction.CONTACT_NAVIGATION}),
        lookup(Interaction.LEAD, "Lead", {"lead": Interaction.LEAD_NAVIGATION}),
        lookup(Interaction.ACCOUNT, "Account", {"account": Interaction.ACCOUNT_NAVIGATION}),
        lookup(Interaction.VISITOR, "Website Visitor", {Visitor.TABLE: Interaction.VISITOR_NAVIGATION}),
        choice(Interaction.TYPE, "Type", InteractionType),
        Column(Interaction.ON, Kind.DATE_TIME, "On"),
        text(Interaction.MAILING, "Mailing", 300),
        text(Interaction.MAILING_ID, "Mailing Id", 100),
        text(Interaction.URL, "Url", 2000),
        text(Interaction.KEY, "Key", 100, required=True),
        *system_columns(),
    ),
    keys={"dh_interactionkey_key": (Interaction.KEY,)},
    status_state={1: 0, 2: 1},
)

VISITOR = Table(
    name=Visitor.TABLE,
    set_name=Visitor.SET,
    label="Website Visitor",
    id_column=Visitor.ID,
    name_column=Visitor.NAME,
    own=True,
    columns=(
        Column(Visitor.ID, Kind.ID, "Website Visitor"),
        text(Visitor.NAME, "Name", 200),
        text(Visitor.EXTERNAL_ID, "External Id", 100),
        text(Visitor.DOMAIN, "Domain", 255),
        text(Visitor.CITY, "City", 80),
        text(Visitor.COUNTRY, "Country", 80),
        text(Visitor.PHONE, "Phone", 50),
        text(Visitor.INDUSTRY, "Industry", 200),
        text(Visitor.EMPLOYEES, "Employees", 100),
        Column(Visitor.RATING, Kind.INTEGER, "Rating"),
        Column(Visitor.HOT, Kind.YES_NO, "Hot", default=False),
        text(Visitor.VISITOR_STATUS, "Visitor Status", 100),
        text(Visitor.TYPE, "Type", 100),
        lookup(Visitor.ACCOUNT, "Account", {"account": Visitor.ACCOUNT_NAVIGATION}),
        lookup(Visitor.LEAD, "Lead", {"lead": Visitor.LEAD_NAVIGATION}),
        Column(Visitor.FIRST_VISIT, Kind.DATE_TIME, "First Visit"),
        Column(Visitor.LAST_VISIT, Kind.DATE_TIME, "Last Visit"),
        Column(Visitor.VISITS, Kind.INTEGER, "Visits"),
        text(Visitor.PROMOTED_BY, "Promoted By", 36),
        Column(Visitor.PROMOTED_ON, Kind.DATE_TIME, "Promoted On"),
        *system_columns(),
    ),
    keys={"dh_externalid_key": (Visitor.EXTERNAL_ID,)},
    status_state={1: 0, 2: 1},
)

ENGAGEMENT_TABLES = (INTERACTION, VISITOR)

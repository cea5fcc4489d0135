"""What the account holds at first: its properties, automations, a campaign, mailings, products, a form.

The ids are constants so that tests can name them.
"""

from sandbox.spotler.dates import Clock
from sandbox.spotler.properties import Kind, Option, Property, Schema
from sandbox.spotler.settings import Settings
from sandbox.spotler.store.forms import Form, FormField
from sandbox.spotler.store.journeys import Automation, Campaign, FieldDefinition, Trigger
from sandbox.spotler.store.mailings import Link, Mailing, TrendReport
from sandbox.spotler.store.shop import Product
from sandbox.spotler.store.world import World

WELCOME_AUTOMATION_ID = "0b9b6f0e-5a53-4a1e-9d0c-1b2e4a0c7f11"
WELCOME_TRIGGER_CODE = "6f1d9c52-3c0e-4f7a-8b5e-2d9a7c41e3b0"
WELCOME_FIELDS = (
    FieldDefinition("invoiceEmail", "STRING"),
    FieldDefinition("payUrl", "URL"),
    FieldDefinition("basket", "PRODUCTLIST"),
)
INACTIVE_AUTOMATION_ID = "a9b3f2d4-91cb-4e43-8f7e-7a43e1d6c002"
INACTIVE_TRIGGER_CODE = "c27e84d1-7b06-4b58-9c3f-51d0e6a98f42"
CAMPAIGN_ID = "cAmp1gn7Qx"
CAMPAIGN_TRIGGER_ID = "tR1gg3rZ9k"
MAILING_ID = "mA91juneXy"
CAMPAIGN_MAILING_ID = "cM42welcQw"
LINK_ID = 501
UNSUBSCRIBE_LINK_ID = 502
TREND_REPORT_ID = 12
FORM_ID = 7
FORM_ENC_ID = "fR7newsLtrQz"
FORM_EMAIL_FIELD = 1
FORM_FIRST_NAME_FIELD = 2
PRODUCT_IDS = ("p-1", "p-2")

NEWSLETTER_BIT = 1
EVENTS_BIT = 2
OFFERS_BIT = 4
GARDEN_BIT = 1
KITCHEN_BIT = 2

PROPERTIES = (
    Property("email", "E-mail address", Kind.EMAIL),
    Property("firstName", "First name", Kind.STRING),
    Property("infix", "Infix", Kind.STRING),
    Property("lastName", "Last name", Kind.STRING),
    Property("organisation", "Organisation", Kind.STRING),
    Property("phoneNumber", "Phone number", Kind.STRING),
    Property("mobileNumber", "Mobile number", Kind.MOBILE_NUMBER),
    Property("address", "Address", Kind.STRING),
    # Not of the type postcode, which refuses every code that is not Dutch.
    Property("postalCode", "Postal code", Kind.STRING),
    Property("city", "City", Kind.STRING),
    Property("country", "Country", Kind.STRING),
    Property("gender", "Gender", Kind.GENDER),
    Property("birthday", "Birthday", Kind.BIRTHDATE),
    Property("externalType", "External type", Kind.STRING),
    Property("lastorderdate", "Last Order Date", Kind.DATE),
    # Two fields with the same description.
    Property("scoreNote1", "Score note", Kind.STRING),
    Property("scoreNote2", "Score note", Kind.STRING),
    # A field whose description is the internal name of another.
    Property("oldScoreNote", "scoreNote1", Kind.STRING),
    Property("freeField1", "Free number", Kind.INT),
    Property("turnover", "Turnover", Kind.MONEY),
    Property("lastVisit", "Last visit", Kind.DATE_TIME),
    # Of the types that have no field yet which no mapping fills.
    Property("partnerEmail", "E-mail address of the partner", Kind.EMAIL),
    Property("partnerGender", "Gender of the partner", Kind.GENDER),
    Property("partnerBirthday", "Birthday of the partner", Kind.BIRTHDATE),
    Property("partnerMobile", "Mobile number of the partner", Kind.MOBILE_NUMBER),
    Property("visitPostcode", "Postcode of the visit", Kind.POSTCODE),
    Property(
        "profileFields",
        "Interests",
        Kind.SET,
        (Option(GARDEN_BIT, "Garden", 1), Option(KITCHEN_BIT, "Kitchen", 2)),
    ),
    Property(
        "permissions",
        "Permissions",
        Kind.SET,
        (
            Option(NEWSLETTER_BIT, "Newsletter", 1),
            Option(EVENTS_BIT, "Events", 2),
            Option(OFFERS_BIT, "Offers", 3),
        ),
    ),
)


def seeded_world(settings: Settings) -> World:
    """A fresh account."""
    world = World(settings, Schema(PROPERTIES), Clock())
    _journeys(world)
    _mailings(world)
    _products(world)
    world.forms[FORM_ID] = Form(
        id=FORM_ID,
        enc_id=FORM_ENC_ID,
        name="Newsletter",
        sub_type="subscribe",
        fields=(
            FormField(FORM_EMAIL_FIELD, "E-mail", "email"),
            FormField(FORM_FIRST_NAME_FIELD, "First name", "firstName"),
        ),
    )
    return world


def _journeys(world: World) -> None:
    for automation in (
        Automation(
            automation_id=WELCOME_AUTOMATION_ID,
            name="Welcome",
            active=True,
            triggers=(Trigger(WELCOME_TRIGGER_CODE, "Welcome"),),
            fields=WELCOME_FIELDS,
        ),
        Automation(
            automation_id=INACTIVE_AUTOMATION_ID,
            name="Reactivation",
            active=False,
            triggers=(Trigger(INACTIVE_TRIGGER_CODE, "Reactivation"),),
        ),
    ):
        world.automations[automation.automation_id] = automation
    world.campaigns[CAMPAIGN_ID] = Campaign(
        encrypted_id=CAMPAIGN_ID,
        name="Invoices",
        active=True,
        triggers=(Trigger(CAMPAIGN_TRIGGER_ID, "Invoice sent"),),
        mailings=(CAMPAIGN_MAILING_ID,),
    )


def _mailings(world: World) -> None:
    now = world.clock.now()
    links = (
        Link(LINK_ID, "Shop", "https://shop.example/"),
        Link(UNSUBSCRIBE_LINK_ID, "Unsubscribe", "https://mail.example/unsubscribe", "unsubscribe"),
    )
    world.trend_reports[TREND_REPORT_ID] = TrendReport(id=TREND_REPORT_ID, name="Newsletters", create_date=now)
    world.mailings[MAILING_ID] = Mailing(
        encrypted_id=MAILING_ID,
        name="June news",
        subject="It is June",
        scheduled_start=now,
        trend_report_id=TREND_REPORT_ID,
        links=links,
    )
    world.mailings[CAMPAIGN_MAILING_ID] = Mailing(
        encrypted_id=CAMPAIGN_MAILING_ID,
        name="Your invoice",
        subject="Your invoice",
        scheduled_start=now,
        in_campaign=True,
        links=links,
    )


def _products(world: World) -> None:
    now = world.clock.now()
    for external_id in PRODUCT_IDS:
        page = f"https://shop.example/{external_id}"
        members: dict[str, object] = {
            "externalId": external_id,
            "name": f"Product {external_id}",
            "link": page,
            "price": "1995",
            "imageUrl": f"{page}.png",
            "imageLargeUrl": f"{page}-large.png",
            "stock": "GOOD",
            "visible": True,
            "customProperties": {},
            "specifications": [],
        }
        world.shop.products[external_id] = Product(external_id=external_id, members=members, created=now, changed=now)

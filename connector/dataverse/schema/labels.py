"""The labels of the manifest in Dutch. The English ones stand at the tables, columns and choices themselves."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from connector.words import Sentence

ENGLISH: Final = 1033
DUTCH: Final = 1043


@dataclass(frozen=True, slots=True)
class Text:
    """What people read, in both languages of the product."""

    en: str
    nl: str

    @property
    def by_language(self) -> dict[int, str]:
        """The text by the code of its language."""
        return {ENGLISH: self.en, DUTCH: self.nl}


def label(english: str) -> Text:
    """A label of the manifest with its translation.

    Raises:
        KeyError: it has none.
    """
    return Text(english, TRANSLATIONS[english])


def named(english: str) -> Sentence:
    """A label of the manifest as a message: what people see on their form.

    Raises:
        KeyError: it has none.
    """
    return Sentence("{label}", label=label(english))


def cause_named(cause: Enum) -> Sentence:
    """What changed a permission, in small letters, for the middle of a sentence: `first sync`."""
    text = label(cause.name.replace("_", " ").capitalize())
    return Sentence("{cause}", cause=Text(text.en.lower(), text.nl.lower()))


#: One translation per label, wherever the label is used.
TRANSLATIONS: Final[dict[str, str]] = {
    # Tables, one row and several
    "Spotler Job": "Spotler-taak",
    "Spotler Jobs": "Spotler-taken",
    "Spotler Info": "Spotler-info",
    "Spotler Infos": "Spotler-info's",
    "Spotler Permission": "Spotler-toestemming",
    "Spotler Permissions": "Spotler-toestemmingen",
    "Consent History": "Toestemmingshistorie",
    "Consent Histories": "Toestemmingshistories",
    "Spotler Automation": "Spotler-automation",
    "Spotler Automations": "Spotler-automations",
    "Marketing Interaction": "Marketinginteractie",
    "Marketing Interactions": "Marketinginteracties",
    "Website Visitor": "Websitebezoeker",
    "Website Visitors": "Websitebezoekers",
    # Global choices
    "Spotler Operation": "Spotler-bewerking",
    "Spotler Promote To": "Spotler promoveren tot",
    "Spotler Contact Status": "Spotler-contactstatus",
    "Spotler Automation Kind": "Soort Spotler-automation",
    "Spotler Changed By": "Gewijzigd door (Spotler)",
    "Spotler Consent Cause": "Oorzaak van toestemming",
    "Spotler Interaction Type": "Type marketinginteractie",
    # Columns
    "Account": "Account",
    "Active": "Actief",
    "After": "Daarna",
    "Attempts": "Pogingen",
    "Audience": "Doelgroep",
    "Automation": "Automation",
    "Automation Contact Id": "Contact-id van automation",
    "Automation Fields": "Velden van automation",
    "Automation Id": "Automation-id",
    "Before": "Daarvoor",
    "Bit": "Bit",
    "Changed By": "Gewijzigd door",
    "Changed On": "Gewijzigd op",
    "City": "Plaats",
    "Claim": "Claim",
    "Completed On": "Voltooid op",
    "Contact": "Contactpersoon",
    "Contact Status": "Contactstatus",
    "Country": "Land",
    "Customer": "Klant",
    "Domain": "Domein",
    "Employees": "Werknemers",
    "Evidence": "Bewijs",
    "External Id": "Externe id",
    "Field Name": "Veldnaam",
    "Field Value": "Veldwaarde",
    "Fields": "Velden",
    "First Visit": "Eerste bezoek",
    "Gone From Spotler": "Weg uit Spotler",
    "Hot": "Hot",
    "Industry": "Branche",
    "Keep Out": "Buiten Spotler houden",
    "Key": "Sleutel",
    "Kind": "Soort",
    "Last Clicked On": "Laatst geklikt op",
    "Last Common": "Laatst gelijk",
    "Last Error": "Laatste fout",
    "Last Mailed On": "Laatst gemaild op",
    "Last Opened On": "Laatst geopend op",
    "Last Status": "Laatste status",
    "Last Sync On": "Laatst gesynchroniseerd op",
    "Last Sync to Spotler": "Laatste synchronisatie met Spotler",
    "Last Visit": "Laatste bezoek",
    "Lead": "Lead",
    "Lease Until": "Geclaimd tot",
    "Mailing": "Mailing",
    "Mailing Id": "Mailing-id",
    "Marketing List": "Marketinglijst",
    "Name": "Naam",
    "Number": "Nummer",
    "On": "Op",
    "Operation": "Bewerking",
    "Permission": "Toestemming",
    "Phone": "Telefoon",
    "Promote To": "Promoveren tot",
    "Promoted By": "Gepromoveerd door",
    "Promoted On": "Gepromoveerd op",
    "Rating": "Score",
    "Record Id": "Record-id",
    "Record Table": "Tabel van record",
    "Result Code": "Resultaatcode",
    "Result Message": "Resultaatbericht",
    "Score": "Score",
    "Sent Fields": "Verzonden velden",
    "Sent Hash": "Hash van verzonden gegevens",
    "Soft Bounces": "Soft bounces",
    "Source": "Bron",
    "Started On": "Gestart op",
    "Status Inferred": "Status afgeleid",
    "Status On": "Status sinds",
    "Subscribed": "Ingeschreven",
    "Sync to Spotler": "Synchroniseren met Spotler",
    "Tag": "Tag",
    "Trigger Code": "Triggercode",
    "Type": "Type",
    "Url": "URL",
    "Visitor Status": "Status van bezoeker",
    "Visits": "Bezoeken",
    # Options
    "Yes": "Ja",
    "No": "Nee",
    "Inactive": "Inactief",
    "Queued": "In wachtrij",
    "In Progress": "Bezig",
    "Completed": "Voltooid",
    "Failed": "Mislukt",
    "Sync Contact": "Contact synchroniseren",
    "Sync Marketing List": "Marketinglijst synchroniseren",
    "Remove Marketing List": "Marketinglijst verwijderen",
    "Add Tag": "Tag toevoegen",
    "Remove Tag": "Tag verwijderen",
    "Set Score": "Score instellen",
    "Increase Score": "Score verhogen",
    "Decrease Score": "Score verlagen",
    "Start Automation": "Automation starten",
    "Stop Automation": "Automation stoppen",
    "Refresh Automations": "Automations vernieuwen",
    "Add To Audience": "Toevoegen aan doelgroep",
    "Remove From Audience": "Verwijderen uit doelgroep",
    "Set Contact Field": "Contactveld instellen",
    "Clear Contact Field": "Contactveld leegmaken",
    "Anonymize Contact": "Contact anonimiseren",
    "Refresh Permissions": "Toestemmingen vernieuwen",
    "Promote Visitor": "Bezoeker promoveren",
    "Reconcile": "Vergelijken en herstellen",
    "Check": "Controle",
    "Active static": "Actief (statisch)",
    "Active dynamic": "Actief (dynamisch)",
    "Soft bounce": "Soft bounce",
    "Hard bounce": "Hard bounce",
    "Opt out": "Uitgeschreven",
    "Permanent": "Permanent",
    "Spam complaint": "Spamklacht",
    "Dynamics": "Dynamics",
    "Spotler": "Spotler",
    "Person": "Persoon",
    "Job": "Taak",
    "Feed": "Feed",
    "Form": "Formulier",
    "Creation": "Aanmaak",
    "First sync": "Eerste synchronisatie",
    "Rule": "Regel",
    "Campaign": "Campagne",
    "Email sent": "E-mail verzonden",
    "Email opened": "E-mail geopend",
    "Email clicked": "In e-mail geklikt",
    "Email bounced": "E-mail gebounced",
    "Website visit": "Websitebezoek",
}

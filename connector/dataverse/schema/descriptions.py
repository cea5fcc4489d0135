"""What administrators read about each table and column of the solution, in English and Dutch."""

from typing import Final

from connector.dataverse.names import (
    Automation,
    Consent,
    Info,
    Interaction,
    Job,
    MarketingList,
    Permission,
    Visitor,
)
from connector.dataverse.schema.labels import Text

#: By the logical name of the table.
TABLE_DESCRIPTIONS: Final[dict[str, Text]] = {
    Job.TABLE: Text("An order for the Spotler connector.", "Een opdracht aan de Spotler-connector."),
    Info.TABLE: Text(
        "The state of synchronisation of one contact, lead or account.",
        "De stand van de synchronisatie van één contactpersoon, lead of account.",
    ),
    Permission.TABLE: Text(
        "One subscription of one contact, lead or account.",
        "Eén inschrijving van één contactpersoon, lead of account.",
    ),
    Consent.TABLE: Text(
        "One change of one permission. Rows are added and never changed.",
        "Eén wijziging van één toestemming. Rijen worden toegevoegd en nooit gewijzigd.",
    ),
    Automation.TABLE: Text(
        "An automation or campaign in Spotler that a job can start.",
        "Een automation of campagne in Spotler die een taak kan starten.",
    ),
    Interaction.TABLE: Text(
        "One event of one record, such as an opened e-mail.",
        "Eén gebeurtenis van één record, zoals een geopende e-mail.",
    ),
    Visitor.TABLE: Text("A company that visited the website.", "Een bedrijf dat de website bezocht."),
}

#: By table and column; the empty table stands for every table that says nothing else.
COLUMN_DESCRIPTIONS: Final[dict[tuple[str, str], Text]] = {
    ("", "dh_name"): Text("The name of the row.", "De naam van de rij."),
    ("", "dh_contactid"): Text("The contact that the row is about.", "De contactpersoon waar de rij over gaat."),
    ("", "dh_leadid"): Text("The lead that the row is about.", "De lead waar de rij over gaat."),
    ("", "dh_accountid"): Text("The account that the row is about.", "Het account waar de rij over gaat."),
    ("", "dh_websitevisitorid"): Text("The website visitor.", "De websitebezoeker."),
    ("", "dh_recordid"): Text("The id of the record, as text.", "De id van het record, als tekst."),
    ("", "dh_key"): Text(
        "The same for the same event, so that it is kept once.",
        "Gelijk voor dezelfde gebeurtenis, zodat die één keer wordt bewaard.",
    ),
    (Job.TABLE, Job.NUMBER): Text("The number of the job.", "Het nummer van de taak."),
    (Job.TABLE, Job.OPERATION): Text("What the job orders.", "Wat de taak opdraagt."),
    (Job.TABLE, Job.CUSTOMER): Text(
        "The contact or account of the job.", "De contactpersoon of het account van de taak."
    ),
    (Job.TABLE, Job.LEAD): Text("The lead of the job.", "De lead van de taak."),
    (Job.TABLE, Job.LIST): Text("The marketing list of the job.", "De marketinglijst van de taak."),
    (Job.TABLE, Job.AUTOMATION): Text(
        "The automation or campaign to start or stop.", "De te starten of stoppen automation of campagne."
    ),
    (Job.TABLE, Job.AUTOMATION_FIELDS): Text(
        "Fields that are sent along, one name=value per line.", "Velden die worden meegestuurd, per regel naam=waarde."
    ),
    (Job.TABLE, Job.AUTOMATION_CONTACT_ID): Text(
        "The id of the contact in the automation, needed to stop it.",
        "De id van het contact in de automation, nodig om die te stoppen.",
    ),
    (Job.TABLE, Job.TAG): Text("The tag to add or remove.", "De toe te voegen of te verwijderen tag."),
    (Job.TABLE, Job.SCORE): Text("The score, or by how much it changes.", "De score, of met hoeveel die verandert."),
    (Job.TABLE, Job.AUDIENCE): Text("The audience in Spotler.", "De doelgroep in Spotler."),
    (Job.TABLE, Job.FIELD_NAME): Text("The field in Spotler.", "Het veld in Spotler."),
    (Job.TABLE, Job.FIELD_VALUE): Text("The value for that field.", "De waarde voor dat veld."),
    (Job.TABLE, Job.PROMOTE_TO): Text(
        "What the website visitor becomes.", "Waartoe de websitebezoeker wordt gepromoveerd."
    ),
    (Job.TABLE, Job.RESULT_CODE): Text("How the job ended, as a code.", "Hoe de taak afliep, als code."),
    (Job.TABLE, Job.RESULT_MESSAGE): Text("How the job ended, in words.", "Hoe de taak afliep, in woorden."),
    (Job.TABLE, Job.STARTED_ON): Text("When the work began.", "Wanneer het werk begon."),
    (Job.TABLE, Job.COMPLETED_ON): Text("When the work ended.", "Wanneer het werk eindigde."),
    (Job.TABLE, Job.LEASE_UNTIL): Text(
        "Until when a worker has claimed the job.", "Tot wanneer de taak is geclaimd voor uitvoering."
    ),
    (Job.TABLE, Job.CLAIM): Text("Which worker has claimed the job.", "Welke uitvoering de taak heeft geclaimd."),
    (Job.TABLE, Job.ATTEMPTS): Text("How often the job was tried.", "Hoe vaak de taak is geprobeerd."),
    (Info.TABLE, Info.ACTIVE): Text(
        "Whether the contact is active in Spotler.", "Of het contact actief is in Spotler."
    ),
    (Info.TABLE, Info.CONTACT_STATUS): Text(
        "The status of the contact in Spotler.", "De status van het contact in Spotler."
    ),
    (Info.TABLE, Info.LAST_STATUS): Text("How the last sync ended.", "Hoe de laatste synchronisatie afliep."),
    (Info.TABLE, Info.LAST_SYNC_ON): Text("When the last sync was.", "Wanneer de laatste synchronisatie was."),
    (Info.TABLE, Info.LAST_ERROR): Text("What went wrong last.", "Wat er het laatst misging."),
    (Info.TABLE, Info.SENT_HASH): Text(
        "A fingerprint of what was sent last.", "Een vingerafdruk van wat het laatst is verzonden."
    ),
    (Info.TABLE, Info.GONE): Text(
        "Whether the contact was anonymised in Spotler or is not there.",
        "Of het contact in Spotler is geanonimiseerd of er niet is.",
    ),
    (Info.TABLE, Info.KEEP_OUT): Text(
        "Whether the record must stay out of Spotler.", "Of het record buiten Spotler moet blijven."
    ),
    (Info.TABLE, Info.STATUS_ON): Text("Since when the contact has its status.", "Sinds wanneer de status geldt."),
    (Info.TABLE, Info.SOFT_BOUNCES): Text("Soft bounces in a row.", "Soft bounces achter elkaar."),
    (Info.TABLE, Info.STATUS_INFERRED): Text(
        "Whether the cause of the status was inferred.", "Of de oorzaak van de status is afgeleid."
    ),
    (Info.TABLE, Info.LAST_COMMON): Text(
        "Fingerprints of what both systems last agreed on.",
        "Vingerafdrukken van waarover beide systemen het laatst eens waren.",
    ),
    (Info.TABLE, Info.SENT_FIELDS): Text(
        "Which fields were sent with a value.", "Welke velden met een waarde zijn verzonden."
    ),
    (Info.TABLE, Info.LAST_MAILED_ON): Text(
        "When the last message was sent.", "Wanneer het laatste bericht is verzonden."
    ),
    (Info.TABLE, Info.LAST_OPENED_ON): Text(
        "When a message was last opened.", "Wanneer het laatst een bericht is geopend."
    ),
    (Info.TABLE, Info.LAST_CLICKED_ON): Text(
        "When a link was last clicked.", "Wanneer het laatst op een link is geklikt."
    ),
    (Permission.TABLE, Permission.NAME): Text(
        "The name of the permission in Spotler.", "De naam van de toestemming in Spotler."
    ),
    (Permission.TABLE, Permission.SUBSCRIBED): Text("Whether it is switched on.", "Of die is ingeschakeld."),
    (Permission.TABLE, Permission.CHANGED_ON): Text("When it was last changed.", "Wanneer die het laatst wijzigde."),
    (Permission.TABLE, Permission.CHANGED_BY): Text("Where it was last changed.", "Waar die het laatst wijzigde."),
    (Permission.TABLE, Permission.BIT): Text(
        "The number of the permission in Spotler.", "Het nummer van de toestemming in Spotler."
    ),
    (Consent.TABLE, Consent.RECORD_TABLE): Text("The table of the record.", "De tabel van het record."),
    (Consent.TABLE, Consent.PERMISSION): Text("The permission that changed.", "De toestemming die wijzigde."),
    (Consent.TABLE, Consent.BEFORE): Text(
        "Whether it was on; empty if not known.", "Of die aan was; leeg als onbekend."
    ),
    (Consent.TABLE, Consent.AFTER): Text("Whether it is on now.", "Of die nu aan is."),
    (Consent.TABLE, Consent.ON): Text("When it changed.", "Wanneer die wijzigde."),
    (Consent.TABLE, Consent.SOURCE): Text("Who or what changed it.", "Wie of wat die wijzigde."),
    (Consent.TABLE, Consent.EVIDENCE): Text(
        "The id of the row, job or run that shows it.", "De id van de rij, taak of uitvoering die het aantoont."
    ),
    (Automation.TABLE, Automation.TRIGGER_CODE): Text(
        "The code in Spotler that starts it.", "De code in Spotler waarmee die start."
    ),
    (Automation.TABLE, Automation.KIND): Text("Automation or campaign.", "Automation of campagne."),
    (Automation.TABLE, Automation.AUTOMATION_ID): Text("Its id in Spotler.", "De id in Spotler."),
    (Automation.TABLE, Automation.FIELDS): Text(
        "The fields that a job can send along, one per line.", "De velden die een taak kan meesturen, één per regel."
    ),
    (Interaction.TABLE, Interaction.TYPE): Text("What happened.", "Wat er gebeurde."),
    (Interaction.TABLE, Interaction.ON): Text("When it happened.", "Wanneer het gebeurde."),
    (Interaction.TABLE, Interaction.MAILING): Text("The name of the mailing.", "De naam van de mailing."),
    (Interaction.TABLE, Interaction.MAILING_ID): Text(
        "The id of the mailing in Spotler.", "De id van de mailing in Spotler."
    ),
    (Interaction.TABLE, Interaction.URL): Text(
        "The page that was visited or the link that was clicked.", "De bezochte pagina of de aangeklikte link."
    ),
    (Visitor.TABLE, Visitor.EXTERNAL_ID): Text("Its id in Spotler Leads.", "De id in Spotler Leads."),
    (Visitor.TABLE, Visitor.DOMAIN): Text("The website of the company.", "De website van het bedrijf."),
    (Visitor.TABLE, Visitor.CITY): Text("The city of the company.", "De plaats van het bedrijf."),
    (Visitor.TABLE, Visitor.COUNTRY): Text("The country of the company.", "Het land van het bedrijf."),
    (Visitor.TABLE, Visitor.PHONE): Text("The phone number of the company.", "Het telefoonnummer van het bedrijf."),
    (Visitor.TABLE, Visitor.INDUSTRY): Text("The industry of the company.", "De branche van het bedrijf."),
    (Visitor.TABLE, Visitor.EMPLOYEES): Text("How many people work there.", "Hoeveel mensen er werken."),
    (Visitor.TABLE, Visitor.RATING): Text("The total score in Spotler Leads.", "De totale score in Spotler Leads."),
    (Visitor.TABLE, Visitor.HOT): Text(
        "Whether the score is high enough for the hot list.", "Of de score hoog genoeg is voor de hotlijst."
    ),
    (Visitor.TABLE, Visitor.VISITOR_STATUS): Text("Its status in Spotler Leads.", "De status in Spotler Leads."),
    (Visitor.TABLE, Visitor.TYPE): Text("Its type in Spotler Leads.", "Het type in Spotler Leads."),
    (Visitor.TABLE, Visitor.ACCOUNT): Text("The account of the company.", "Het account van het bedrijf."),
    (Visitor.TABLE, Visitor.LEAD): Text("The lead that it became.", "De lead die het is geworden."),
    (Visitor.TABLE, Visitor.FIRST_VISIT): Text("When it first came.", "Wanneer het eerste bezoek was."),
    (Visitor.TABLE, Visitor.LAST_VISIT): Text("When it last came.", "Wanneer het laatste bezoek was."),
    (Visitor.TABLE, Visitor.VISITS): Text("How many page views are kept.", "Hoeveel paginabezoeken zijn bewaard."),
    (Visitor.TABLE, Visitor.PROMOTED_BY): Text("The job that promotes it.", "De taak die het promoveert."),
    (Visitor.TABLE, Visitor.PROMOTED_ON): Text("When it was promoted.", "Wanneer het is gepromoveerd."),
    (MarketingList.TABLE, MarketingList.SYNCED): Text(
        "Whether Spotler has an audience for the list.", "Of Spotler een doelgroep voor de lijst heeft."
    ),
    (MarketingList.TABLE, MarketingList.LAST_SYNC): Text(
        "Since when the audience is as it is.", "Sinds wanneer de doelgroep zo is."
    ),
}

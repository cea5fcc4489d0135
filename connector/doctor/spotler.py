"""Checks of Spotler: all of them read."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import islice
from typing import Final

from connector.dataverse.api import filters
from connector.dataverse.names import Automation, Info
from connector.doctor.context import CheckContext
from connector.doctor.model import CheckGroup, CheckMaker, Diagnosis, Reach, failed, ok, warning
from connector.errors import ConnectorError, Refused
from connector.mapping import load_mapping
from connector.mapping.live import compare
from connector.spotler import NotLicensed, NotSupported, Spotler
from connector.words import Sentence

#: Records of which it is asked whether Spotler has them under their External Id.
SAMPLE: Final = 10
#: An id that no audience has.
NOBODY: Final = "doctor-asks-for-no-audience"


def _key(context: CheckContext) -> Diagnosis:
    context.spotler.probe()
    return ok("Spotler accepts the key and the secret.")


def _rights(context: CheckContext) -> Diagnosis:
    refused: dict[str, str] = {}
    for group, ask in _groups(context).items():
        try:
            ask(context.spotler)
        except (NotLicensed, NotSupported) as error:
            refused[group] = error.result_code
        except Refused as error:
            refused[group] = error.result_code
    if refused:
        return warning(
            Sentence(
                "Spotler refuses to read: {names}.",
                names=", ".join((f"{group} ({code})" for group, code in refused.items())),
            ),
            "Ask Spotler to add the right to the key, or do without the operations that need it.",
        )
    return ok("The key may read everything that the connector reads.")


def _groups(context: CheckContext) -> Mapping[str, Callable[[Spotler], object]]:
    """One read of each group of calls."""
    now = context.now()
    since = now - timedelta(minutes=1)
    return {
        "campaigns": lambda spotler: spotler.campaigns(),
        "automations": lambda spotler: spotler.automations(),
        "tags": lambda spotler: spotler.tags(),
        "audiences": lambda spotler: spotler.audiences.get(NOBODY),
        "bounces": lambda spotler: list(islice(spotler.feeds.bounces(since, now), 1)),
        "opt-outs": lambda spotler: list(islice(spotler.optouts(since, now), 1)),
    }


def _fields_mapped(context: CheckContext) -> Diagnosis:
    mapping = load_mapping(context.settings.mapping_file)
    findings = compare(mapping, context.dataverse, lambda: context.spotler.fields(max_age=0))
    fatal = [each.sentence for each in findings if each.is_fatal]
    if fatal:
        return failed(
            Sentence("The mapping does not fit. {problems}", problems=Sentence.joined(*fatal)),
            "The command mapping check shows it; correct it.",
        )
    if findings:
        left_out = Sentence.joined(*(each.sentence for each in findings))
        return warning(left_out, "Correct the mapping, or do without what it leaves out.")
    return ok("Every mapped column and field is there and fits.")


def _external_ids(context: CheckContext) -> Diagnosis:
    there = filters.or_(filters.eq(Info.GONE, None), filters.eq(Info.GONE, False))
    sent = filters.and_(filters.ne(Info.SENT_HASH, None), there)
    rows = context.dataverse.query(Info.SET, select=(Info.RECORD,), filter=sent, top=SAMPLE)
    asked = [str(row[Info.RECORD]) for row in rows if row.get(Info.RECORD)]
    lost = 0
    for record in asked:
        try:
            contact = context.spotler.get_contact(record)
        except Refused:
            contact = None
        lost += contact is None or (contact.external_id or "").lower() != record.lower()
    if lost:
        return warning(
            Sentence(
                "{lost} of {count} record that was sent is not in Spotler under its External Id.",
                plural="{lost} of {count} records that were sent are not in Spotler under their External Id.",
                lost=lost,
                count=len(asked),
            ),
            "Check that the account recognises contacts by External Id; reconcile sends again what was lost.",
        )
    return ok(
        Sentence(
            "Spotler has the {count} record that was looked for.",
            plural="Spotler has the {count} records that were looked for.",
            count=len(asked),
        )
        if asked
        else "No record was sent yet."
    )


def _names_match(context: CheckContext) -> Diagnosis:
    known = context.spotler.automations()
    codes = {trigger.id for each in known for trigger in each.triggers}
    codes |= {trigger.id for each in context.spotler.campaigns() for trigger in each.triggers}
    rows = context.dataverse.query(
        Automation.SET, select=(Automation.TRIGGER_CODE,), filter=filters.eq(Automation.STATE, 0)
    )
    gone = sum(row.get(Automation.TRIGGER_CODE) not in codes for row in rows)
    if gone:
        return warning(
            Sentence(
                "{count} row of Spotler Automation can be picked, and Spotler does not publish it any more.",
                plural="{count} rows of Spotler Automation can be picked, and Spotler does not publish them any more.",
                count=gone,
            ),
            "Run a job of the operation Refresh Automations; then look at flows and forms that use them.",
        )
    return ok("Every Spotler Automation that can be picked is published in Spotler.")


def _throttled(context: CheckContext) -> Diagnosis:
    refused = 0
    for _ in range(SAMPLE):
        try:
            context.spotler.probe()
        except ConnectorError:
            refused += 1
    if refused:
        return warning(
            Sentence(
                "{refused} of {count} call to Spotler failed.",
                plural="{refused} of {count} calls to Spotler failed.",
                refused=refused,
                count=SAMPLE,
            ),
            "Lower SPOTLER_PARALLEL; ask Spotler for its limits.",
        )
    return ok("Spotler answers call after call.")


_check: Final = CheckMaker(CheckGroup.SPOTLER, Reach.SYSTEMS)

BOTH: Final = ("SPOTLER_KEY", "DATAVERSE_TOKEN")
CHECKS: Final = (
    _check("SPOTLER_KEY", "key and secret, with one read", _key, "SETTINGS_VALID"),
    _check("SPOTLER_THROTTLED", "ten reads one after the other", _throttled, "SPOTLER_KEY"),
    _check("SPOTLER_RIGHTS", "one read of each group of calls", _rights, "SPOTLER_KEY", reach=Reach.SYSTEMS_ON_REQUEST),
    _check("FIELDS_MAPPED", "the mapping against both systems", _fields_mapped, *BOTH, "MAPPING_VALID",
           reach=Reach.SYSTEMS_ON_REQUEST),
    _check("EXTERNAL_IDS", "ten sent records in Spotler", _external_ids, *BOTH, reach=Reach.SYSTEMS_ON_REQUEST),
    _check("AUTOMATIONS_MATCH", "Spotler Automation against Spotler", _names_match, *BOTH,
           reach=Reach.SYSTEMS_ON_REQUEST),
)  # fmt: skip

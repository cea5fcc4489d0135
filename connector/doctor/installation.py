"""Checks of what `setup` installs: rights, endpoint, steps, keys, variables. They compare, and change nothing.

They sign in as the connector does, so they see what it sees, and need no right that it does not have.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from connector.dataverse.api import filters
from connector.dataverse.edition import has_leads, has_lists
from connector.dataverse.names import SERVICE_ENDPOINT, Lead, MarketingList
from connector.doctor.context import CheckContext
from connector.doctor.model import SET_UP, CheckGroup, CheckMaker, Diagnosis, Reach, failed, ok, some_of, warning
from connector.doctor.steps import STEP_ID, images_of_steps, posting_otherwise, steps_by_name
from connector.words import Sentence

if TYPE_CHECKING:
    from connector.setup.inputs import SetupInputs

#: System jobs that failed since then are looked at.
POSTS_HOURS: Final = 24
#: A post that has failed for so long does not arrive by itself: tries come minutes apart.
LATE_HOURS: Final = 1
#: The `statuscode` of a system job that waits for its next try, and of one that was given up.
_WAITING: Final = 10
_FAILED: Final = 31
#: Who has it can make others administrators: more than the connector needs.
_ASSIGNS_ROLES: Final = "prvAssignRole"
_POSTS: Final = Sentence(
    "The system jobs say why: a key that was rotated (set the primary key in the service endpoint), or a queue that is "
    "full or gone."
)


def _privileges(context: CheckContext) -> Diagnosis:
    from connector.dataverse.schema.roles import service_role  # noqa: PLC0415 - loaded when used
    from connector.setup.privileges import depths, wanted_on_tables  # noqa: PLC0415

    calls = context.setup_calls
    user = str(context.dataverse.who_am_i()["UserId"])
    found = calls.get(f"systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()")
    held = depths(found.get("RolePrivileges"))
    role = service_role(_inputs(context).needs)
    missing = [each.name for each in wanted_on_tables(calls, role) if held.get(each.name) != each.depth.value]
    missing += [name for name in role.others if name not in held]
    if missing:
        return failed(
            Sentence("The application user lacks privileges: {names}.", names=some_of(missing)),
            "Give it the role Spotler Service; if it has the role, run setup plan and apply it.",
        )
    if _ASSIGNS_ROLES in held:
        return warning(
            "The application user may do far more than the connector needs, as System Administrators may.",
            "Leave it the role Spotler Service only, and roles that queries of dynamic lists need.",
        )
    return ok("The application user has every privilege that the connector needs.")


def _endpoint(context: CheckContext) -> Diagnosis:
    from connector.servicebus.entities import QUEUE_DATAVERSE  # noqa: PLC0415
    from connector.setup.endpoints import AS_ALWAYS, KEY_IS_SET, our_endpoint  # noqa: PLC0415 - loaded when used
    from connector.setup.inputs import KEY_NAME, address_of  # noqa: PLC0415

    row = our_endpoint(context.setup_calls, "namespaceaddress", "path", "saskeyname", KEY_IS_SET, *AS_ALWAYS)
    if row is None:
        return failed("The service endpoint SpotlerAutomate is missing, so Dataverse posts nothing.", SET_UP)
    if row.get(KEY_IS_SET) is not True:
        return failed(
            "The service endpoint has no key: keys do not travel with a solution, and every post fails.",
            "Set SERVICE_ENDPOINT_KEY, run setup plan, and apply it.",
        )
    wanted = {"namespaceaddress": address_of(context.bus_settings), "path": QUEUE_DATAVERSE, "saskeyname": KEY_NAME}
    wrong = [name for name, value in wanted.items() if str(row.get(name)).rstrip("/") != value.rstrip("/")]
    if wrong:
        return failed(Sentence("The service endpoint posts elsewhere: {names}.", names=some_of(wrong)), SET_UP)
    if other := [name for name, value in AS_ALWAYS.items() if row.get(name) != value]:
        return failed(Sentence("The service endpoint posts in another form: {names}.", names=some_of(other)), SET_UP)
    return ok("The service endpoint posts to the queue of the connector, and has a key.")


def _steps(context: CheckContext) -> Diagnosis:
    from connector.setup.steps import step_name  # noqa: PLC0415 - loaded when used
    from connector.setup.tables import absent_columns  # noqa: PLC0415

    absent, calls = _absent_tables(context), context.setup_calls
    wanted = {step_name(each): each for each in _inputs(context).steps if each.table not in absent}
    found = steps_by_name(calls)
    # Not every version has each message of Marketing Lists: the set-up says so.
    missing = [name for name, step in wanted.items() if name not in found and step.table != MarketingList.TABLE]
    there = {name: found[name] for name in wanted if name in found}
    off = [name for name, row in there.items() if row.get("statecode") != 0]
    columns = {name: absent_columns(step.table, absent) for name, step in wanted.items()}
    blind = [
        name for name, row in there.items() if not _watches(row, frozenset(wanted[name].filtering) - columns[name])
    ]
    if missing:
        return failed(Sentence("Steps are missing: {names}.", names=some_of(missing)), SET_UP)
    if off:
        return failed(
            Sentence("Steps are switched off: {names}.", names=some_of(off)),
            "Run setup plan and apply it; after an import of a solution, steps are off.",
        )
    if blind:
        return failed(Sentence("Steps do not watch all mapped columns: {names}.", names=some_of(blind)), SET_UP)
    if other := posting_otherwise(calls, there):
        return failed(Sentence("Steps do not post as they should: {names}.", names=some_of(other)), SET_UP)
    images = images_of_steps(calls)
    bare = [
        name
        for name, row in there.items()
        if not frozenset(wanted[name].pre_image) - columns[name] <= images[str(row[STEP_ID])]
    ]
    if bare:
        return failed(
            Sentence("Steps do not send all columns of rows that are deleted: {names}.", names=some_of(bare)), SET_UP
        )
    return ok("All steps are there, switched on, and watch the columns of the mapping.")


def _posts(context: CheckContext) -> Diagnosis:
    since, late = (context.now() - timedelta(hours=hours) for hours in (POSTS_HOURS, LATE_HOURS))
    given_up = _system_jobs(context, f"statuscode eq {_FAILED} and completedon ge {since:%Y-%m-%dT%H:%M:%SZ}")
    if given_up:
        return failed(
            Sentence(
                "Dataverse gave up {count} post through the service endpoint in a day.",
                plural="Dataverse gave up {count} posts through the service endpoint in a day.",
                count=given_up,
            ),
            _POSTS,
        )
    # A post waits only after it has failed.
    if old := _system_jobs(context, f"statuscode eq {_WAITING} and createdon lt {late:%Y-%m-%dT%H:%M:%SZ}"):
        return failed(
            Sentence(
                "{count} post through the service endpoint has failed for more than an hour.",
                plural="{count} posts through the service endpoint have failed for more than an hour.",
                count=old,
            ),
            _POSTS,
        )
    if waiting := _system_jobs(context, f"statuscode eq {_WAITING}"):
        return warning(
            Sentence(
                "{count} post through the service endpoint failed, and Dataverse tries again.",
                plural="{count} posts through the service endpoint failed, and Dataverse tries again.",
                count=waiting,
            ),
            _POSTS,
        )
    return ok("In the last day, every post through the service endpoint arrived.")


def _system_jobs(context: CheckContext, condition: str) -> int:
    """How many system jobs of our steps there are, counted up to 100."""
    named = quote(f"startswith(name,'{SERVICE_ENDPOINT}: ') and {condition}")
    return len(context.setup_calls.rows(f"asyncoperations?$select=name&$top=100&$filter={named}"))


def _keys(context: CheckContext) -> Diagnosis:
    from connector.dataverse.schema.installation import OWN_TABLES  # noqa: PLC0415 - loaded when used

    calls, idle = context.setup_calls, []
    for table in OWN_TABLES:
        if not table.keys:
            continue
        path = f"EntityDefinitions(LogicalName='{table.name}')/Keys?$select=LogicalName,EntityKeyIndexStatus"
        active = {str(row["LogicalName"]) for row in calls.rows(path) if row["EntityKeyIndexStatus"] == "Active"}
        idle += [f"{table.name}.{key}" for key in table.keys if key not in active]
    if idle:
        return failed(
            Sentence("Alternate keys are missing or not active: {names}.", names=some_of(idle)),
            "Run setup plan and apply it; a key whose index failed has rows with the same values.",
        )
    return ok("All alternate keys are active.")


def _variables(context: CheckContext) -> Diagnosis:
    from connector.dataverse.schema.variables import VARIABLES  # noqa: PLC0415 - loaded when used

    names = [each.name for each in VARIABLES]
    condition = " or ".join(filters.eq("schemaname", name) for name in names)
    rows = context.setup_calls.rows(f"environmentvariabledefinitions?$select=schemaname&$filter={quote(condition)}")
    found = {str(row["schemaname"]) for row in rows}
    missing = [name for name in names if name not in found]
    if missing:
        return failed(Sentence("Environment variables are missing: {names}.", names=some_of(missing)), SET_UP)
    return ok("The environment variables are there.")


def _time_zone(context: CheckContext) -> Diagnosis:
    from connector.setup.time_zones import read_time_zones  # noqa: PLC0415 - loaded when used

    zones = read_time_zones(context.setup_calls, str(context.dataverse.who_am_i()["UserId"]))
    if zones.own is None or zones.usual is None:
        return ok("There are no people with whose time zone that of the application user could be compared.")
    if not zones.differ:
        return ok("The application user has the time zone of most people: dynamic lists begin the day as they see it.")
    return warning(
        Sentence(
            "The application user has the time zone {own}, but {number} of {people} people have {usual}: for some "
            "hours of each day a dynamic list with words such as today has other members.",
            own=str(zones.own),
            number=zones.number,
            people=zones.people,
            usual=str(zones.usual),
        ),
        Sentence("Set timezonecode of the application user to {usual}.", usual=str(zones.usual)),
    )


def _absent_tables(context: CheckContext) -> frozenset[str]:
    """The tables of Dynamics 365 Sales that the environment does not have."""
    tables = {MarketingList.TABLE: has_lists, Lead.TABLE: has_leads}
    return frozenset(name for name, ask in tables.items() if not ask(context.dataverse))


def _watches(row: Mapping[str, object], wanted: frozenset[str]) -> bool:
    """Whether a step posts when one of these columns changes; a step without columns posts every change."""
    watched = frozenset(filter(None, str(row.get("filteringattributes") or "").split(",")))
    return not watched or (bool(wanted) and wanted <= watched)


def _inputs(context: CheckContext) -> "SetupInputs":
    from connector.mapping import load_mapping  # noqa: PLC0415 - loaded when used
    from connector.setup.inputs import inputs_from  # noqa: PLC0415

    return inputs_from(load_mapping(context.settings.mapping_file), context.bus_settings)


_check: Final = CheckMaker(CheckGroup.DATAVERSE, Reach.SYSTEMS_ON_REQUEST)

CHECKS: Final = (
    _check("DATAVERSE_PRIVILEGES", "the rights of the application user", _privileges, "DATAVERSE_TOKEN"),
    _check("DATAVERSE_ENDPOINT", "the service endpoint and its key", _endpoint, "DATAVERSE_TOKEN"),
    _check("DATAVERSE_STEPS", "the steps and the columns that they watch", _steps, "DATAVERSE_ENDPOINT"),
    _check("DATAVERSE_POSTS", "failed system jobs of the steps", _posts, "DATAVERSE_TOKEN", reach=Reach.SYSTEMS),
    _check("DATAVERSE_KEYS", "the alternate keys", _keys, "DATAVERSE_TABLES"),
    _check("DATAVERSE_VARIABLES", "the environment variables", _variables, "DATAVERSE_TOKEN"),
    _check(
        "DATAVERSE_TIME_ZONE",
        "the time zone of the application user, and that of people",
        _time_zone,
        "DATAVERSE_TOKEN",
    ),
)

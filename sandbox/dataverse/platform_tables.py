"""Tables that every environment has and that the connector does not own: system jobs and what registers a step.

They complete the connector's manifest, written in the same words, so that everything else treats them alike.
"""

from connector.dataverse.schema import Column, Kind, Table


def _id(name: str) -> Column:
    return Column(name, Kind.ID)


def _text(name: str, length: int = 256, *, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, length=length, required=required)


def _choice(name: str, options: dict[int, str], *, required: bool = False) -> Column:
    return Column(name, Kind.CHOICE, options=options, required=required)


def _lookup(name: str, target: str, navigation: str = "", *, required: bool = False) -> Column:
    return Column(name, Kind.LOOKUP, targets=(target,), navigation={target: navigation or name}, required=required)


_DATES = (
    Column("createdon", Kind.DATE_TIME, writable=False),
    Column("modifiedon", Kind.DATE_TIME, writable=False),
    Column("versionnumber", Kind.BIG_INTEGER, writable=False),
)

JOB_STATES = {0: "Ready", 1: "Suspended", 2: "Locked", 3: "Completed"}
JOB_STATUSES = {
    0: "Waiting For Resources",
    10: "Waiting",
    20: "In Progress",
    21: "Pausing",
    22: "Canceling",
    30: "Succeeded",
    31: "Failed",
    32: "Canceled",
}
JOB_STATUS_STATE = {0: 0, 10: 1, 20: 2, 21: 2, 22: 2, 30: 3, 31: 3, 32: 3}

ASYNC_OPERATION = Table(
    name="asyncoperation",
    set_name="asyncoperations",
    label="System Job",
    id_column="asyncoperationid",
    name_column="name",
    columns=(
        _id("asyncoperationid"),
        _text("name"),
        Column("operationtype", Kind.INTEGER),
        _text("messagename", 160),
        _text("primaryentitytype", 64),
        Column("message", Kind.MEMO, length=1_073_741_823),
        Column("friendlymessage", Kind.MEMO, length=1_073_741_823),
        Column("errorcode", Kind.INTEGER),
        Column("retrycount", Kind.INTEGER, default=0),
        Column("startedon", Kind.DATE_TIME),
        Column("completedon", Kind.DATE_TIME),
        Column("postponeuntil", Kind.DATE_TIME),
        Column("correlationid", Kind.ID),
        _lookup("owningextensionid", "sdkmessageprocessingstep"),
        Column("statecode", Kind.STATE, options=JOB_STATES, default=0),
        Column("statuscode", Kind.STATUS, options=JOB_STATUSES),
        *_DATES,
    ),
    status_state=JOB_STATUS_STATE,
)

SERVICE_ENDPOINT = Table(
    name="serviceendpoint",
    set_name="serviceendpoints",
    label="Service Endpoint",
    id_column="serviceendpointid",
    name_column="name",
    columns=(
        _id("serviceendpointid"),
        _text("name", required=True),
        _choice(
            "contract",
            {2: "Queue", 5: "Topic", 6: "Queue (Persistent)", 7: "Event Hub", 8: "Webhook"},
            required=True,
        ),
        _choice("connectionmode", {1: "Normal", 2: "Federated"}, required=True),
        _choice("userclaim", {1: "None", 2: "UserId", 3: "UserInfo"}, required=True),
        _choice("authtype", {2: "SAS Key", 3: "SAS Token", 4: "Webhook Key", 7: "Connection String"}),
        _choice("messageformat", {1: "Binary XML", 2: "Json", 3: "Text XML"}),
        _choice("messagecharset", {0: "Default", 1: "UTF8"}),
        _text("namespaceaddress", 255),
        _choice("namespaceformat", {1: "Namespace Name", 2: "Namespace Address"}),
        _text("solutionnamespace", 160, required=True),
        _text("path", 160, required=True),
        _text("saskeyname"),
        _text("saskey"),
        _text("description", 2000),
        Column("issaskeyset", Kind.YES_NO, default=False, writable=False),
        *_DATES,
    ),
)

SDK_MESSAGE = Table(
    name="sdkmessage",
    set_name="sdkmessages",
    label="Sdk Message",
    id_column="sdkmessageid",
    name_column="name",
    columns=(_id("sdkmessageid"), _text("name"), *_DATES),
)

SDK_MESSAGE_FILTER = Table(
    name="sdkmessagefilter",
    set_name="sdkmessagefilters",
    label="Sdk Message Filter",
    id_column="sdkmessagefilterid",
    name_column="name",
    columns=(
        _id("sdkmessagefilterid"),
        _text("name"),
        _text("primaryobjecttypecode", 64),
        Column("iscustomprocessingstepallowed", Kind.YES_NO, default=True),
        _lookup("sdkmessageid", "sdkmessage"),
        *_DATES,
    ),
)

STEP = Table(
    name="sdkmessageprocessingstep",
    set_name="sdkmessageprocessingsteps",
    label="Sdk Message Processing Step",
    id_column="sdkmessageprocessingstepid",
    name_column="name",
    columns=(
        _id("sdkmessageprocessingstepid"),
        _text("name", required=True),
        _choice("stage", {10: "Pre-validation", 20: "Pre-operation", 40: "Post-operation"}, required=True),
        _choice("mode", {0: "Synchronous", 1: "Asynchronous"}, required=True),
        Column("rank", Kind.INTEGER, required=True),
        _choice("supporteddeployment", {0: "Server Only", 1: "Outlook Client Only", 2: "Both"}, required=True),
        Column("asyncautodelete", Kind.YES_NO, default=False),
        Column("filteringattributes", Kind.MEMO, length=100_000),
        _text("description", 256),
        _lookup("eventhandler", "serviceendpoint", "eventhandler_serviceendpoint", required=True),
        _lookup("sdkmessageid", "sdkmessage", required=True),
        _lookup("sdkmessagefilterid", "sdkmessagefilter"),
        Column("statecode", Kind.STATE, options={0: "Enabled", 1: "Disabled"}, default=0),
        Column("statuscode", Kind.STATUS, options={1: "Enabled", 2: "Disabled"}),
        *_DATES,
    ),
    status_state={1: 0, 2: 1},
)

IMAGE = Table(
    name="sdkmessageprocessingstepimage",
    set_name="sdkmessageprocessingstepimages",
    label="Sdk Message Processing Step Image",
    id_column="sdkmessageprocessingstepimageid",
    name_column="name",
    columns=(
        _id("sdkmessageprocessingstepimageid"),
        _text("name", required=True),
        _text("entityalias", required=True),
        _choice("imagetype", {0: "PreImage", 1: "PostImage", 2: "Both"}, required=True),
        _text("messagepropertyname", required=True),
        Column("attributes", Kind.MEMO, length=100_000),
        _lookup("sdkmessageprocessingstepid", "sdkmessageprocessingstep", required=True),
        *_DATES,
    ),
)

PLATFORM_TABLES = (ASYNC_OPERATION, SERVICE_ENDPOINT, SDK_MESSAGE, SDK_MESSAGE_FILTER, STEP, IMAGE)

"""The naive connector: what a competent developer writes in an afternoon, as the yardstick of the bench.

One message, one job, every call by itself, sixteen messages at a time as Functions does by default. It is not slowed
down on purpose: connections are kept alive, the token is kept, only the columns that are needed are read, and a
throttled call waits as long as Dataverse asks.
"""

import json
import threading
import time
from datetime import UTC, datetime
from typing import Any, Final

import azure.functions as func
import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth1

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Automation, Contact, Info, Job, Permission, lookup_value
from connector.operations.audiences import audience_id
from connector.settings import Settings, get_settings
from connector.spotler import ScoreOperation

CALLS_AT_A_TIME: Final = 16
SECONDS: Final = 60

JOB_COLUMNS: Final = ",".join(
    (
        *(Job.OPERATION, lookup_value(Job.CUSTOMER), Job.TAG, Job.SCORE, Job.AUDIENCE, Job.FIELD_NAME, Job.FIELD_VALUE),
        lookup_value(Job.AUTOMATION),
    )
)
FIELDS: Final = {
    "emailaddress1": "email",
    "firstname": "firstName",
    "lastname": "lastName",
    "telephone1": "phoneNumber",
    "mobilephone": "mobileNumber",
    "address1_line1": "address",
    "address1_postalcode": "postalCode",
    "address1_city": "city",
}
CONTACT_COLUMNS: Final = ",".join(("fullname", *FIELDS))
PERMISSION_BITS: Final = {"Newsletter": 1, "Events": 2, "Offers": 4}
SCORE_OPERATIONS: Final = {
    Operation.SET_SCORE: ScoreOperation.SET,
    Operation.INCREASE_SCORE: ScoreOperation.INCREASE,
    Operation.DECREASE_SCORE: ScoreOperation.DECREASE,
}

type Json = dict[str, Any]


class Systems:
    """Dataverse and Spotler, one call at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=CALLS_AT_A_TIME))
        self._oauth = OAuth1(secret(settings.spotler_key), secret(settings.spotler_secret))
        self._lock = threading.Lock()
        self._token = ""
        self._token_until = 0.0

    def read(self, path: str) -> Json:
        """What is at a path of the Web API."""
        found: Json = self._dataverse("GET", path).json()
        return found

    def update(self, path: str, values: Json) -> None:
        """Write a row, and make it if its key is new."""
        self._dataverse("PATCH", path, values)

    def call_spotler(self, path: str, body: Json | None = None, *, method: str = "POST") -> None:
        """Make a call to Spotler."""
        self._call(method, f"{self._settings.spotler_url}/{path}", json=body, auth=self._oauth)

    def _dataverse(self, method: str, path: str, body: Json | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._bearer()}", "Accept": "application/json"}
        return self._call(method, f"{self._settings.dataverse_url}/api/data/v9.2/{path}", json=body, headers=headers)

    def _bearer(self) -> str:
        settings = self._settings
        with self._lock:
            if time.time() > self._token_until:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": settings.dataverse_client_id,
                    "client_secret": secret(settings.dataverse_client_secret),
                    "scope": f"{settings.dataverse_url}/.default",
                }
                url = f"{settings.dataverse_authority}/{settings.dataverse_tenant_id}/oauth2/v2.0/token"
                token = self._call("POST", url, data=form).json()
                self._token, self._token_until = token["access_token"], time.time() + token["expires_in"] - SECONDS
            return self._token

    def _call(self, method: str, url: str, **details: Any) -> requests.Response:
        while True:
            answer = self._session.request(method, url, timeout=SECONDS, **details)
            if answer.status_code != requests.codes.too_many_requests:
                answer.raise_for_status()
                return answer
            time.sleep(float(answer.headers["Retry-After"]))


def secret(value: SecretStr | None) -> str:
    """The text of a secret setting."""
    return value.get_secret_value() if value else ""


def now() -> str:
    """The present, as Dataverse wants it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


SYSTEMS: Final = Systems(get_settings())

app = func.FunctionApp()


@app.function_name("run_job")
@app.service_bus_queue_trigger(arg_name="message", queue_name="dataverse", connection="ServiceBus")
def run_job(message: func.ServiceBusMessage) -> None:
    """Do the job that the message announces."""
    job_id = json.loads(message.get_body())["PrimaryEntityId"]
    job = SYSTEMS.read(f"{Job.SET}({job_id})?$select={JOB_COLUMNS}")
    SYSTEMS.update(f"{Job.SET}({job_id})", {Job.STATUS: JobStatus.IN_PROGRESS, Job.STARTED_ON: now()})
    work_of(job)
    SYSTEMS.update(
        f"{Job.SET}({job_id})",
        {Job.STATUS: JobStatus.COMPLETED, Job.STATE: 1, Job.RESULT_CODE: "OK", Job.COMPLETED_ON: now()},
    )


def work_of(job: Json) -> None:
    """Do what a job orders."""
    contact_id = job[lookup_value(Job.CUSTOMER)]
    tags = f"contact/{contact_id}/tags"
    match operation := Operation(job[Job.OPERATION]):
        case Operation.SET_CONTACT_FIELD | Operation.CLEAR_CONTACT_FIELD:
            write(contact_id, {job[Job.FIELD_NAME]: job[Job.FIELD_VALUE] or ""})
        case Operation.START_AUTOMATION:
            code = read_automation(job)[Automation.TRIGGER_CODE]
            SYSTEMS.call_spotler(f"automation/trigger/{code}", {"externalContactId": contact_id})
        case Operation.STOP_AUTOMATION:
            automation = read_automation(job)[Automation.AUTOMATION_ID]
            SYSTEMS.call_spotler(f"automation/{automation}/stop", {"externalContactId": contact_id})
        case Operation.ANONYMIZE_CONTACT:
            SYSTEMS.call_spotler(f"contact/anonymize/{contact_id}", method="PUT")
        case Operation.SYNC_CONTACT:
            sync(contact_id, read_contact(contact_id))
        case Operation.ADD_TAG | Operation.REMOVE_TAG:
            read_contact(contact_id)
            method = "POST" if operation is Operation.ADD_TAG else "DELETE"
            SYSTEMS.call_spotler(tags, {"tags": [{"name": job[Job.TAG]}]}, method=method)
        case Operation.ADD_TO_AUDIENCE | Operation.REMOVE_FROM_AUDIENCE:
            read_contact(contact_id)
            method = "POST" if operation is Operation.ADD_TO_AUDIENCE else "DELETE"
            members = f"audience/{audience_id(job[Job.AUDIENCE])}/contact"
            SYSTEMS.call_spotler(members, {"contacts": [contact_id]}, method=method)
        case _:
            read_contact(contact_id)
            score = {"name": job[Job.TAG], "score": job[Job.SCORE], "scoreOperation": SCORE_OPERATIONS[operation]}
            SYSTEMS.call_spotler(tags, {"tags": [score]})


def read_automation(job: Json) -> Json:
    """What the automation of a job is called in Spotler."""
    columns = f"{Automation.TRIGGER_CODE},{Automation.AUTOMATION_ID}"
    return SYSTEMS.read(f"{Automation.SET}({job[lookup_value(Job.AUTOMATION)]})?$select={columns}")


def read_contact(contact_id: str) -> Json:
    """The contact, if it still exists."""
    return SYSTEMS.read(f"{Contact.SET}({contact_id})?$select={CONTACT_COLUMNS}")


def write(contact_id: str, properties: Json) -> None:
    """Write properties of a contact in Spotler."""
    SYSTEMS.call_spotler("contact", {"update": True, "contact": {"externalId": contact_id, "properties": properties}})


def sync(contact_id: str, contact: Json) -> None:
    """Send the contact with its permissions, and note that on its Spotler Info."""
    condition = f"{lookup_value(Permission.CONTACT)} eq {contact_id} and statecode eq 0"
    rows = SYSTEMS.read(f"{Permission.SET}?$select={Permission.NAME},{Permission.SUBSCRIBED}&$filter={condition}")
    properties = {field: contact[column] or "" for column, field in FIELDS.items()}
    properties["permissions"] = [
        {"bit": PERMISSION_BITS[row[Permission.NAME]], "enabled": row[Permission.SUBSCRIBED]} for row in rows["value"]
    ]
    write(contact_id, properties)
    SYSTEMS.update(
        f"{Info.SET}({Info.RECORD}='{contact_id}')",
        {
            Info.NAME: contact["fullname"],
            Info.LAST_STATUS: "OK",
            Info.LAST_SYNC_ON: now(),
            f"{Info.CONTACT_NAVIGATION}@odata.bind": f"/{Contact.SET}({contact_id})",
        },
    )

"""What the scripts know of jobs: written into `resources/definitions.js` from the operations and the manifest.

python -m connector definitions > connector/setup/interface/resources/definitions.js
"""

import json
from typing import Any

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Account, Automation, Contact, Job, Lead, MarketingList
from connector.dataverse.schema.labels import DUTCH
from connector.operations.operation import JobOperation, Needs
from connector.operations.registry import OPERATIONS

_RECORD = {Needs.RECORD: "required", Needs.RECORD_OR_NOTHING: "optional", Needs.NOTHING: "none"}
#: Through which property of a job a record is bound, and which operation syncs it.
_SYNCED: dict[str, tuple[str, str, Operation]] = {
    Contact.TABLE: (Contact.SET, Job.CUSTOMER_CONTACT_NAVIGATION, Operation.SYNC_CONTACT),
    Account.TABLE: (Account.SET, Job.CUSTOMER_ACCOUNT_NAVIGATION, Operation.SYNC_CONTACT),
    Lead.TABLE: (Lead.SET, Job.LEAD_NAVIGATION, Operation.SYNC_CONTACT),
    MarketingList.TABLE: (MarketingList.SET, Job.LIST_NAVIGATION, Operation.SYNC_MARKETING_LIST),
}


def definitions_script() -> str:
    """The file, with a line that says where it comes from."""
    content = {
        "job": {
            "table": Job.TABLE,
            "operation": Job.OPERATION,
            "customer": Job.CUSTOMER,
            "lead": Job.LEAD,
            "automation": Job.AUTOMATION,
            "automationFields": Job.AUTOMATION_FIELDS,
            "status": Job.STATUS,
            "state": Job.STATE,
            "queued": JobStatus.QUEUED,
            "queuedState": JobStatus.QUEUED.state,
            "failed": JobStatus.FAILED,
        },
        "automation": {"table": Automation.TABLE, "fields": Automation.FIELDS},
        "records": {
            table: {"set": set_name, "navigation": navigation, "operation": operation}
            for table, (set_name, navigation, operation) in _SYNCED.items()
        },
        "operations": {
            str(int(each)): _columns(OPERATIONS[each.slug]) for each in Operation if each.slug in OPERATIONS
        },
        "dutch": DUTCH,
    }
    return (
        "// Written by: python -m connector definitions. Do not change it by hand.\n"
        f"var Spotler = Spotler || {{}};\nSpotler.definitions = {json.dumps(content, indent=2)};\n"
    )


def _columns(operation: JobOperation[Any]) -> dict[str, object]:
    return {
        "record": _RECORD[operation.needs],
        "required": list(operation.required),
        "optional": list(operation.optional),
    }

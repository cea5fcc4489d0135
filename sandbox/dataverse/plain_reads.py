"""What is read without a table: who calls, and which entity sets there are."""

from sandbox.dataverse import errors
from sandbox.dataverse.admission import BARE, admit
from sandbox.dataverse.calls import Answer, Call, json_answer
from sandbox.dataverse.errors import ApiError
from sandbox.dataverse.options import parse_query
from sandbox.dataverse.organization_tables import USER
from sandbox.dataverse.store import Store
from sandbox.dataverse.values import Json


def who_am_i(call: Call, organization_id: str, store: Store) -> Answer:
    """`GET WhoAmI`.

    Raises:
        ApiError: for another method, and for query options.
    """
    _admit(call)
    row = store.get(USER, call.user.id)
    return json_answer(
        200,
        {
            "@odata.context": f"{call.root}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
            "BusinessUnitId": None if row is None else row.values["_businessunitid_value"],
            "UserId": call.user.id,
            "OrganizationId": organization_id,
        },
    )


def service_document(call: Call, store: Store) -> Answer:
    """`GET` of the root.

    Raises:
        ApiError: for another method, and for query options.
    """
    _admit(call)
    sets: list[Json] = [
        {"name": name, "kind": "EntitySet", "url": name}
        for name in sorted(each.set_name for each in store.catalog.present())
    ]
    return json_answer(200, {"@odata.context": f"{call.root}/$metadata", "value": sets})


def _admit(call: Call) -> None:
    if call.method != "GET":
        message = f"The requested resource does not support http method '{call.method}'."
        raise ApiError(405, errors.BAD_QUERY, message)
    admit(call, parse_query(call.query) if call.query else {}, BARE)

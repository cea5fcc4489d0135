"""What the platform checks when steps and their images are registered."""

from typing import Final

from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.solution_tables import Rules
from sandbox.dataverse.endpoints import ENDPOINT, STEP, Endpoints
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import Scalar
from sandbox.dataverse.writes import TableRules, Writer

IMAGE: Final = "sdkmessageprocessingstepimage"
_ASYNCHRONOUS: Final = 1
_POST_OPERATION: Final = 40
_PRE_IMAGE: Final = 0


class StepRules(Rules):
    """Steps."""

    def before_create(self, writer: Writer, values: dict[str, Scalar], targets: dict[str, str]) -> Row | None:  # noqa: ARG002 - of the protocol
        """Check a new step.

        Raises:
            ApiError: 400.
        """
        _check(writer, values)
        return None

    def before_update(self, old: Row, values: dict[str, Scalar]) -> None:
        """Check a change of the way it runs.

        Raises:
            ApiError: 400.
        """
        _check_mode({**old.values, **values})

    def before_delete(self, writer: Writer, row: Row) -> None:
        """Take the images along."""
        images = writer.store.tables[IMAGE]
        for image in list(images.having("_sdkmessageprocessingstepid_value", row.id)):
            with writer.following():
                writer.delete(images.model, images.rows[image])


class ImageRules(Rules):
    """Images."""

    def before_create(self, writer: Writer, values: dict[str, Scalar], targets: dict[str, str]) -> Row | None:  # noqa: ARG002 - of the protocol
        """Check a new image.

        Raises:
            ApiError: 400.
        """
        step = writer.store.tables[STEP].rows[str(values["_sdkmessageprocessingstepid_value"])]
        message = _message(writer, step.values)
        if message == "Create" or values["imagetype"] != _PRE_IMAGE:
            raise invalid(f"The stand-in has pre-images only, and none of {message}.")
        if values["messagepropertyname"] != "Target":
            raise invalid(f"Message property name '{values['messagepropertyname']}' is not valid on message {message}.")
        if not values.get("attributes"):
            raise invalid("An image of all columns is larger than a message may be: name them in attributes.")
        return None


def step_rules(endpoints: Endpoints) -> dict[str, TableRules]:
    """The rules of the tables by which messages are posted."""
    return {ENDPOINT: endpoints, STEP: StepRules(), IMAGE: ImageRules()}


def _check(writer: Writer, values: dict[str, Scalar]) -> None:
    _check_mode(values)
    filter_id = values.get("_sdkmessagefilterid_value")
    if filter_id is None:
        raise invalid("The stand-in registers steps of one table only: sdkmessagefilterid is missing.")
    row = writer.store.tables["sdkmessagefilter"].rows[str(filter_id)]
    if row.values["_sdkmessageid_value"] != values["_sdkmessageid_value"]:
        raise invalid("The filter of the step belongs to another message.")
    if values.get("filteringattributes"):
        if _message(writer, values) != "Update":
            raise invalid("Filtering attributes are for steps of the message Update.")
        model = writer.store.catalog.by_name[str(row.values["primaryobjecttypecode"])]
        for name in str(values["filteringattributes"]).split(","):
            if name not in model.columns:
                raise invalid(f"The table {model.name} has no attribute {name}.")


def _check_mode(values: dict[str, Scalar]) -> None:
    if values["mode"] != _ASYNCHRONOUS or values["stage"] != _POST_OPERATION:
        raise invalid("A step of a service endpoint is asynchronous, and of the stage PostOperation.")


def _message(writer: Writer, values: dict[str, Scalar]) -> str:
    return str(writer.store.tables["sdkmessage"].rows[str(values["_sdkmessageid_value"])].values["name"])

"""The web resources and the buttons of the solution. The files stand in `connector/setup/interface/resources`."""

from typing import Final

from connector.dataverse.names import Job
from connector.dataverse.schema.interface import Button, ButtonPlace, Resource
from connector.dataverse.schema.labels import Text

_SCRIPT: Final = 3
_VECTOR_IMAGE: Final = 11

#: A script is loaded alone, so each has the definitions in it.
JOB_FORM: Final = Resource(
    "dh_/spotler/job_form.js", "Spotler: form of a job", _SCRIPT, ("definitions.js", "job_form.js")
)
COMMANDS: Final = Resource("dh_/spotler/commands.js", "Spotler: buttons", _SCRIPT, ("definitions.js", "commands.js"))
ICON: Final = Resource("dh_/spotler/icon.svg", "Spotler: icon", _VECTOR_IMAGE, ("icon.svg",))
RESOURCES: Final = (JOB_FORM, COMMANDS, ICON)

_SYNC: Final = Text("Sync to Spotler", "Synchroniseren met Spotler")
_SYNC_TOOLTIP: Final = Text(
    "Creates a Spotler Job that sends the record to Spotler.",
    "Maakt een Spotler-taak die het record naar Spotler stuurt.",
)
_RETRY: Final = Text("Retry", "Opnieuw proberen")
_RETRY_TOOLTIP: Final = Text("Sets a failed job back to Queued.", "Zet een mislukte taak terug in de wachtrij.")

BUTTONS: Final = (
    *(
        Button("sync", table, place, _SYNC, _SYNC_TOOLTIP, "Refresh", function)
        for table in ("contact", "lead", "account", "list")
        for place, function in (
            (ButtonPlace.FORM, "Spotler.commands.sync"),
            (ButtonPlace.MAIN_GRID, "Spotler.commands.syncSelected"),
        )
    ),
    Button("retry", Job.TABLE, ButtonPlace.FORM, _RETRY, _RETRY_TOOLTIP, "Redo", "Spotler.commands.retry"),
    Button("retry", Job.TABLE, ButtonPlace.MAIN_GRID, _RETRY, _RETRY_TOOLTIP, "Redo", "Spotler.commands.retrySelected"),
)

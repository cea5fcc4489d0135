"""Import of a solution over itself, at once or as a system job, and what it leaves behind.

Steps are off, unless the import was asked to activate them; keys of service endpoints do not travel; views are active
whatever they were (dataverse-setup, trap 24). The components of the file must be there: the stand-in makes none.
"""

import base64
import binascii
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.lock import CustomizationLock
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.customizing.shapes import flag_in, text_in
from sandbox.dataverse.customizing.solution_tables import SOLUTION
from sandbox.dataverse.customizing.solutions import WHOLE
from sandbox.dataverse.customizing.system_jobs import begin_system_job
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import JsonObject, Scalar

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NEEDED: Final = frozenset({"OverwriteUnmanagedCustomizations", "PublishWorkflows", "CustomizationFile"})
_PARAMETERS: Final = _NEEDED | {
    "ImportJobId", "ConvertToManaged", "SkipProductUpdateDependencies", "HoldingSolution",
}  # fmt: skip
_IMPORT_JOB: Final = 203
_STEP, _ENDPOINT, _VIEW = "sdkmessageprocessingstep", "serviceendpoint", "savedquery"
_ON: Final[dict[str, Scalar]] = {"statecode": 0, "statuscode": 1}
_OFF: Final[dict[str, Scalar]] = {"statecode": 1, "statuscode": 2}


@dataclass(frozen=True, slots=True)
class Package:
    """What the file of a solution says.

    Attributes:
        solution: the row of the solution that is there.
        version: of the file.
        activates: whether steps are to be on.
    """

    solution: Row
    version: str
    activates: bool


@dataclass(slots=True)
class Imports:
    """Imports solutions.

    Attributes:
        parts: of the environment.
        lock: is held as long as an import runs.
        when_endpoint: called with the id of each service endpoint of the solution: its key is gone.
        when_steps: called when steps were switched.
    """

    parts: Parts
    lock: CustomizationLock
    when_endpoint: list[Callable[[str], None]] = field(default_factory=list)
    when_steps: list[Callable[[], None]] = field(default_factory=list)

    def run(self, body: JsonObject) -> None:
        """`ImportSolution`.

        Raises:
            ApiError: 400 for a file that cannot be imported, 404 for an unknown solution.
        """
        self._carry_out(self._read(body))

    def begin(self, body: JsonObject) -> JsonObject:
        """`ImportSolutionAsync`: a system job does it.

        Raises:
            ApiError: as `run`.
        """
        package, seconds = self._read(body), self.parts.knobs.import_seconds
        self.lock.begin_foreign("Import", seconds)
        job = begin_system_job(self.parts, "ImportSolution", _IMPORT_JOB, seconds, lambda: self._carry_out(package))
        return {"AsyncOperationId": job, "ImportJobKey": text_in(body, "ImportJobId") or str(uuid4())}

    def _carry_out(self, package: Package) -> None:
        members = self.parts.solutions.members(str(package.solution.values["uniquename"]))
        ids = {each.object_id for each in members}
        whole = {each.object_id for each in members if each.behavior == WHOLE}
        tables = {each.name for each in self.parts.definitions.tables.values() if each.id in whole}
        for row in self._rows(_STEP):
            if row.id in ids:
                self._change(_STEP, row, _ON if package.activates else _OFF)
        for changed in self.when_steps:
            changed()
        for row in self._rows(_ENDPOINT):
            if row.id in ids:
                self._change(_ENDPOINT, row, {"issaskeyset": False})
                for listener in self.when_endpoint:
                    listener(row.id)
        for row in self._rows(_VIEW):
            if row.id in ids or row.values.get("returnedtypecode") in tables:
                self._change(_VIEW, row, _ON)
        self._change(SOLUTION, package.solution, {"version": package.version})

    def _read(self, body: JsonObject) -> Package:
        check_parameters(body, _PARAMETERS, "ImportSolution")
        if not body.keys() >= _NEEDED:
            raise invalid(f"ImportSolution takes {', '.join(sorted(_NEEDED))}.")
        manifest = _manifest(text_in(body, "CustomizationFile"))
        solution = self.parts.solutions.find(manifest.findtext(".//UniqueName") or "")
        if manifest.findtext(".//Managed") != "0":
            raise invalid(
                "The solution is already installed on this system as an unmanaged solution and the package supplied is "
                "attempting to install it in managed mode. Import can only update solutions when the modes match."
            )
        members = self.parts.solutions.members(str(solution.values["uniquename"]))
        present = {each.object_id for each in members}
        absent = [
            each.get("id") or ""
            for each in manifest.iter("RootComponent")
            if each.get("id") and (each.get("id") or "").strip("{}") not in present
        ]
        if absent:
            raise invalid(f"The stand-in makes no components, and these are not there: {', '.join(absent)}.")
        version = manifest.findtext(".//Version") or str(solution.values["version"])
        return Package(solution, version, flag_in(body, "PublishWorkflows"))

    def _rows(self, table: str) -> list[Row]:
        return list(self.parts.store.tables[table].rows.values())

    def _change(self, table: str, row: Row, values: dict[str, Scalar]) -> None:
        version = self.parts.store.next_version()
        self.parts.store.tables[table].put(replace(row, version=version, values={**row.values, **values}))


def _manifest(file: str) -> "Element":
    """The `solution.xml` of a file.

    Raises:
        ApiError: 400 when there is none that can be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(file, validate=True))) as archive:
            found: Element = fromstring(archive.read("solution.xml"))
    except (binascii.Error, zipfile.BadZipFile, KeyError, ParseError, DefusedXmlException):
        raise invalid("The solution file is invalid. The compressed file must contain solution.xml.") from None
    return found

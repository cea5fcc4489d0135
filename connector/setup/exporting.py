"""Export of our solution: Dataverse packs it in a system job; the file is looked through before anybody gets it."""

import base64
import binascii
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from connector.dataverse.schema.installation import SOLUTION
from connector.setup.component import Component
from connector.setup.errors import ExportFailed, SetupRefused
from connector.setup.interface.app import AppPart
from connector.setup.patience import Patience
from connector.setup.target import SetupTarget
from connector.words import Sentence

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Seconds that the system job may take.
LONGEST: Final = 1800.0
#: `statecode` and `statuscode` of a system job that has ended well (dataverse-setup, section 21).
_ENDED: Final = 3
_WELL: Final = 30
#: Numbers of kinds in `RootComponents`.
_TABLE: Final = 1
_CHOICE: Final = 9
#: Site maps and apps, which the file names by the unique name of the app.
_APPS: Final = (62, 80)
#: `behavior` of a table that is there with everything.
_WHOLE: Final = "0"
#: What a file for others must not have: the key of the service endpoint.
_SAS: Final = "saskey"
_NOT_INCLUDED: Final = (
    "ExportAutoNumberingSettings",
    "ExportCalendarSettings",
    "ExportCustomizationSettings",
    "ExportEmailTrackingSettings",
    "ExportGeneralSettings",
    "ExportIsvConfig",
    "ExportMarketingSettings",
    "ExportOutlookSynchronizationSettings",
    "ExportRelationshipRoles",
    "ExportSales",
    "ExportExternalApplications",
)


#: The names of our components, by the number of their kind.
type _Names = Mapping[int, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Root:
    """What the solution lists: by name, or by id where its kind has no name there."""

    kind: int
    name: str
    id: str
    behavior: str

    @classmethod
    def of(cls, element: "Element") -> Self:
        return cls(
            int(element.get("type", "0")),
            element.get("schemaName", "").lower(),
            element.get("id", "").strip("{}").lower(),
            element.get("behavior", ""),
        )

    @property
    def described(self) -> str:
        return self.name or Sentence("type {number}, {id}", number=str(self.kind), id=self.id)

    def is_ours(self, ids: frozenset[str], names: _Names) -> bool:
        """Whether it may be there. Of a standard table there is what our columns need: not the whole of it."""
        if self.id:
            return self.id in ids
        if self.kind == _TABLE and self.behavior != _WHOLE:
            return True
        return self.kind not in names or self.name in names[self.kind]


def export_solution(
    target: SetupTarget, components: Sequence[Component], patience: Patience, *, managed: bool = True
) -> bytes:
    """The solution as a zip.

    Args:
        target: the environment, read just now.
        components: of the manifest.
        patience: waits and retries.
        managed: whether it is for installing elsewhere, and not for developing there.

    Raises:
        SetupRefused: the solution is not there, or an installation has not ended.
        ExportFailed: the system job failed, or the file is not what it should be.
        ConnectorError: Dataverse refused, or could not be reached for long.
    """
    if target.version != SOLUTION.version:
        raise SetupRefused(
            Sentence(
                "The environment does not have version {version} of the solution {solution}.",
                version=SOLUTION.version,
                solution=SOLUTION.name,
            ),
            advice="Run: python -m connector setup plan, then setup apply.",
        )
    calls = target.calls
    body = {"SolutionName": SOLUTION.name, "Managed": managed, **dict.fromkeys(_NOT_INCLUDED, False)}
    begun = patience.patiently(lambda: calls.act("ExportSolutionAsync", body))
    system_job, export_job = _named(begun, "AsyncOperationId"), _named(begun, "ExportJobId")
    job = f"asyncoperations({system_job})?$select=statecode,statuscode"

    def has_ended() -> bool:
        return (calls.find(job) or {}).get("statecode") == _ENDED

    if not patience.until(has_ended, LONGEST):
        raise ExportFailed(Sentence("The system job {id} has not ended.", id=system_job))
    if (calls.find(job) or {}).get("statuscode") != _WELL:
        raise ExportFailed(Sentence("The system job {id} failed.", id=system_job))
    answer = patience.patiently(lambda: calls.act("DownloadSolutionExportData", {"ExportJobId": export_job}))
    content = _decoded(answer.get("ExportSolutionFile"))
    names = {
        kind: frozenset(each.name for each in components if each.component_type == kind) for kind in (_TABLE, _CHOICE)
    }
    of_apps = frozenset(
        each.lower() for part in components if isinstance(part, AppPart) for each in part.app.unique_names
    )
    _check(content, _ids(target, components), names, dict.fromkeys(_APPS, of_apps), managed=managed)
    return content


def _named(answer: Mapping[str, object], name: str) -> str:
    """What an answer says under a name."""
    said = answer.get(name)
    if not isinstance(said, str) or not said:
        raise ExportFailed(Sentence("The answer of Dataverse to the export has no {name}.", name=name))
    return said


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except binascii.Error:
        return b""


def _ids(target: SetupTarget, components: Sequence[Component]) -> frozenset[str]:
    """The ids of the components that may be in the file by themselves."""
    read = ((each, each.read(target)) for each in components)
    return frozenset(one.lower() for each, found in read if found is not None for one in each.object_ids(found))


def _check(content: bytes, ids: frozenset[str], names: _Names, others: _Names, *, managed: bool) -> None:
    """Look through the file: it must have what `names` has, and may have what `others` has.

    Raises:
        ExportFailed: it is no solution of ours, lacks something, or has what it must not have.
    """
    files = _files(content)
    try:
        manifest = fromstring(files.get("solution.xml", b""))
    except (ParseError, DefusedXmlException):
        raise ExportFailed("The file has no readable solution.xml.") from None
    if manifest.findtext(".//UniqueName") != SOLUTION.name or manifest.findtext(".//Managed") != str(int(managed)):
        raise ExportFailed("The file holds another solution, or one of another kind.")
    roots = [_Root.of(each) for each in manifest.iter("RootComponent")]
    present = {(each.kind, each.name) for each in roots}
    if missing := [name for kind, known in names.items() for name in sorted(known) if (kind, name) not in present]:
        raise ExportFailed(Sentence("The file lacks {names}.", names=", ".join(missing)))
    if foreign := [each.described for each in roots if not each.is_ours(ids, {**names, **others})]:
        raise ExportFailed(
            Sentence("The solution holds what is not ours: {names}.", names=Sentence.joined(*foreign, between=", ")),
            advice="In Power Apps, remove these from the solution (not from the environment), and export again.",
        )
    if with_key := [name for name, text in files.items() if _SAS in text.decode(errors="replace").lower()]:
        raise ExportFailed(Sentence("The file mentions a SAS key, in {names}.", names=", ".join(with_key)))


def _files(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        raise ExportFailed("What Dataverse gave is no zip file.") from None

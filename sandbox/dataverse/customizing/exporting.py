"""Export of a solution, at once or as a system job: a zip with its components as they are defined."""

import base64
import io
import zipfile
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4
from xml.sax.saxutils import quoteattr

from sandbox.dataverse.customizing.bodies import check_parameters
from sandbox.dataverse.customizing.definitions import TableDefinition
from sandbox.dataverse.customizing.labels import shown_text
from sandbox.dataverse.customizing.parts import Parts
from sandbox.dataverse.customizing.refusals import invalid, no_definition
from sandbox.dataverse.customizing.shapes import flag_in, object_in, text_in
from sandbox.dataverse.customizing.solution_tables import PUBLISHER
from sandbox.dataverse.customizing.system_jobs import begin_system_job
from sandbox.dataverse.store import Row
from sandbox.dataverse.values import JsonObject

_PARAMETERS: Final = frozenset(
    """
    SolutionName Managed TargetVersion ExportAutoNumberingSettings ExportCalendarSettings ExportCustomizationSettings
    ExportEmailTrackingSettings ExportGeneralSettings ExportIsvConfig ExportMarketingSettings
    ExportOutlookSynchronizationSettings ExportRelationshipRoles ExportSales ExportExternalApplications
    ExportComponentsParams
    """.split()  # noqa: SIM905
)
#: Rows that the file names by their unique name and not by their id, with its column.
_NAMED: Final = {"appmodule": "uniquename", "sitemap": "sitemapnameunique"}
_EXPORT_JOB: Final = 202
#: Files of a solution carry no time of their own, so that the same solution gives the same file.
_MOMENT: Final = (2000, 1, 1, 0, 0, 0)
_TYPES: Final = (
    '<?xml version="1.0" encoding="utf-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="text/xml" /></Types>'
)


@dataclass(slots=True)
class Exports:
    """Exports solutions.

    Attributes:
        parts: of the environment.
        finished: the files of the exports that are done, by the id of their export job.
        of_tables: what others have of a table, given the ids of the members of the solution.
        of_solutions: what others have beside tables, given the same.
    """

    parts: Parts
    finished: dict[str, str] = field(default_factory=dict)
    of_tables: list[Callable[[TableDefinition, Set[str]], str]] = field(default_factory=list)
    of_solutions: list[Callable[[Set[str]], str]] = field(default_factory=list)

    def export(self, body: JsonObject) -> JsonObject:
        """`ExportSolution`.

        Raises:
            ApiError: 404 for an unknown solution.
        """
        return {"ExportSolutionFile": self._file(*self._wanted(body))}

    def begin(self, body: JsonObject) -> JsonObject:
        """`ExportSolutionAsync`: a system job does it.

        Raises:
            ApiError: 404 for an unknown solution.
        """
        wanted = self._wanted(body)
        export, seconds = str(uuid4()), self.parts.knobs.export_seconds
        job = begin_system_job(
            self.parts, "ExportSolution", _EXPORT_JOB, seconds, lambda: self._finish(export, *wanted)
        )
        return {"AsyncOperationId": job, "ExportJobId": export}

    def download(self, body: JsonObject) -> JsonObject:
        """`DownloadSolutionExportData`.

        Raises:
            ApiError: 404 while there is no such file.
        """
        check_parameters(body, frozenset({"ExportJobId"}), "DownloadSolutionExportData")
        file = self.finished.get(text_in(body, "ExportJobId"))
        if file is None:
            raise no_definition(f"the file of the export job {text_in(body, 'ExportJobId')}")
        return {"ExportSolutionFile": file}

    def clear(self) -> None:
        """Forget everything."""
        self.finished.clear()

    def _wanted(self, body: JsonObject) -> tuple[Row, bool]:
        check_parameters(body, _PARAMETERS, "ExportSolution")
        if not text_in(body, "SolutionName") or not isinstance(body.get("Managed"), bool):
            raise invalid("ExportSolution takes SolutionName and Managed.")
        return self.parts.solutions.find(text_in(body, "SolutionName")), flag_in(body, "Managed")

    def _finish(self, export: str, solution: Row, managed: bool) -> None:
        self.finished[export] = self._file(solution, managed)

    def _file(self, solution: Row, managed: bool) -> str:
        files = {
            "[Content_Types].xml": _TYPES,
            "solution.xml": self._manifest(solution, managed=managed),
            "customizations.xml": self._customizations(solution),
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, _MOMENT), content)
        return base64.b64encode(buffer.getvalue()).decode()

    def _manifest(self, solution: Row, *, managed: bool) -> str:
        publisher = self.parts.store.tables[PUBLISHER].rows[str(solution.values["_publisherid_value"])]
        names = {each.id: each.name for each in self.parts.definitions.tables.values()}
        names |= {each.id: each.name for each in self.parts.definitions.choices.values()}
        for table, column in _NAMED.items():
            names |= {row.id: str(row.values[column]) for row in self.parts.store.tables[table].rows.values()}
        components = "".join(
            f'<RootComponent type="{each.kind}" '
            + (
                f"schemaName={quoteattr(names[each.object_id])} "
                if each.object_id in names
                else f'id="{{{each.object_id}}}" '
            )
            + f'behavior="{each.behavior}" />'
            for each in self.parts.solutions.members(str(solution.values["uniquename"]))
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?><ImportExportXml version="9.2" languagecode='
            f'"{self.parts.labels.base}"><SolutionManifest>'
            f"<UniqueName>{solution.values['uniquename']}</UniqueName><Version>{solution.values['version']}</Version>"
            f"<Managed>{int(managed)}</Managed><Publisher><UniqueName>{publisher.values['uniquename']}</UniqueName>"
            f"<CustomizationPrefix>{publisher.values['customizationprefix']}</CustomizationPrefix></Publisher>"
            f"<RootComponents>{components}</RootComponents><MissingDependencies />"
            "</SolutionManifest></ImportExportXml>"
        )

    def _customizations(self, solution: Row) -> str:
        members = {each.object_id for each in self.parts.solutions.members(str(solution.values["uniquename"]))}
        tables = "".join(
            f"<Entity><Name LocalizedName={quoteattr(shown_text(object_in(table.properties, 'DisplayName')))}>"
            f"{table.properties['SchemaName']}</Name><EntityInfo><entity Name={quoteattr(table.name)}><attributes>"
            + "".join(
                f"<attribute PhysicalName={quoteattr(str(column.properties['SchemaName']))} />"
                for column in table.columns.values()
                if table.custom or column.id in members
            )
            + "</attributes></entity></EntityInfo>"
            + "".join(write(table, members) for write in self.of_tables)
            + "</Entity>"
            for table in self.parts.definitions.tables.values()
            if table.id in members
        )
        choices = "".join(
            f"<optionset Name={quoteattr(choice.name)} />"
            for choice in self.parts.definitions.choices.values()
            if choice.id in members
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?><ImportExportXml><Entities>'
            f"{tables}</Entities><optionsets>{choices}</optionsets>"
            f"{''.join(write(members) for write in self.of_solutions)}</ImportExportXml>"
        )

"""The operators of conditions, each group in a file of its own."""

from typing import Final

from sandbox.dataverse.fetchxml.conditions.choices import CHOICES
from sandbox.dataverse.fetchxml.conditions.comparing import COMPARING, COMPARISONS, INDEXABLE, INDEXED
from sandbox.dataverse.fetchxml.conditions.hierarchies import HIERARCHY
from sandbox.dataverse.fetchxml.conditions.moments import MOMENTS
from sandbox.dataverse.fetchxml.conditions.operator import Operator, Subject, Test, Values
from sandbox.dataverse.fetchxml.conditions.patterns import PATTERNS
from sandbox.dataverse.fetchxml.conditions.people import PEOPLE

#: Every operator of FetchXML by its name.
OPERATORS: Final[dict[str, Operator]] = {**COMPARING, **PATTERNS, **CHOICES, **MOMENTS, **PEOPLE, **HIERARCHY}

__all__ = ["COMPARISONS", "INDEXABLE", "INDEXED", "OPERATORS", "Operator", "Subject", "Test", "Values"]

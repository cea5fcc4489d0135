"""The connector between Dynamics 365 / Dataverse and Spotler Mail+."""

#: The version, as pyproject.toml has it; a deployed app has no such file.
__version__ = "0.1.0"

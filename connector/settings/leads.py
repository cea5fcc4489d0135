"""Spotler Leads: the visitors of the website."""

from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from connector.settings.kinds import SettingsGroup, Url

_GUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
#: Beside the account, all of these are needed.
_NEEDED = ("leads_client_id", "leads_client_secret", "leads_user", "leads_password")


class LeadsSettings(SettingsGroup):
    """Spotler Leads; without an account nothing is read."""

    leads_url: Url = "https://api.communigator.co.uk"
    leads_identity_url: Url = "https://oauth.communigator.co.uk"
    leads_client_id: str | None = None
    leads_client_secret: SecretStr | None = None
    leads_user: str | None = None
    leads_password: SecretStr | None = None
    #: The id of the account in Spotler Leads, a GUID: setting it switches the visitors on.
    leads_account: Annotated[str | None, Field(pattern=_GUID, validate_default=True)] = None
    #: Corrections of what is assumed about the API, as JSON; see docs/to-verify.md.
    leads_facts: str | None = None
    #: Whether visitors are read on their schedule.
    visitors_enabled: bool = True
    #: Types of Spotler Leads whose visitors are left out, separated by semicolons.
    visitors_without_types: str = "Isp;ContactLead"
    #: The score from which a visitor is hot.
    visitors_hot_score: Annotated[int, Field(ge=1)] = 100
    #: Days after the last visit after which a visitor is deleted; 0 keeps it.
    keep_visitors_days: Annotated[int, Field(ge=0)] = 365

    @field_validator("leads_account")
    @classmethod
    def _all_or_nothing(cls, account: str | None, others: ValidationInfo) -> str | None:
        given = [name for name in _NEEDED if others.data.get(name)]
        missing = [name.upper() for name in _NEEDED if name not in given]
        if account and missing:
            raise ValueError(f"needs {', '.join(missing)} beside it")
        if given and not account:
            raise ValueError("set it, or remove the other settings of Spotler Leads")
        return account

"""Kinds of values that several settings have."""

from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def secure_url(url: str) -> str:
    """Credentials are sent over TLS only, except to a stand-in on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:  # its own message would quote the value
        raise ValueError("must be an https address") from None
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ValueError("must be an https address")
    return url.rstrip("/")


def _time_zone(name: str) -> str:
    """A zone that this machine knows: checked here, and not by the first date-time that is sent."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Amsterdam") from None
    return name


Url = Annotated[str, AfterValidator(secure_url)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


class SettingsGroup(BaseSettings):
    """Settings about one thing; the field's name in upper case is the name of the application setting."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

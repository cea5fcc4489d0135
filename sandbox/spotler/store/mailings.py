"""Mailings of both kinds, and the reports over several of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a mailing; `type` names a special one, such as `unsubscribe`."""

    id: int
    name: str
    url: str
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """A mailing: an ordinary one, or one that campaigns send (`in_campaign`)."""

    encrypted_id: str
    name: str
    subject: str
    scheduled_start: datetime
    in_campaign: bool = False
    type: Literal["EMAIL", "SMS"] = "EMAIL"
    trend_report_id: int | None = None
    links: tuple[Link, ...] = ()

    @property
    def online_version(self) -> str:
        """Where the mailing can be read in a browser."""
        return f"https://mail.example/online/{self.encrypted_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendReport:
    """A report over several mailings."""

    id: int
    name: str
    create_date: datetime
    enabled: bool = True
    target: Literal["B2B", "B2C", "OTHER"] = "B2C"
    content_type: Literal["MARKETING", "INFO", "SERVICE"] = "MARKETING"

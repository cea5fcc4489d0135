"""The account as a whole."""

import random
from zoneinfo import ZoneInfo

from sandbox.spotler.dates import Clock
from sandbox.spotler.journal import Journal
from sandbox.spotler.properties import Schema
from sandbox.spotler.settings import Settings
from sandbox.spotler.store.contacts import Contacts
from sandbox.spotler.store.events import EventLog
from sandbox.spotler.store.forms import Form
from sandbox.spotler.store.journeys import Automation, Campaign, Runs
from sandbox.spotler.store.lists import Audience, TemporaryList
from sandbox.spotler.store.mailings import Mailing, TrendReport
from sandbox.spotler.store.shop import Shop
from sandbox.spotler.store.tags import Tags


class World:
    """All state of the account, empty at first but for its properties."""

    def __init__(self, settings: Settings, schema: Schema, clock: Clock | None = None) -> None:
        self.settings = settings
        self.schema = schema
        self.clock = clock or Clock()
        self.rng = random.Random(settings.seed)
        self.journal = Journal(self.clock)
        self.contacts = Contacts(self.rng)
        self.log = EventLog()
        self.mailings: dict[str, Mailing] = {}
        self.trend_reports: dict[int, TrendReport] = {}
        self.automations: dict[str, Automation] = {}
        self.automation_runs = Runs()
        self.campaigns: dict[str, Campaign] = {}
        self.campaign_runs = Runs()
        self.audiences: dict[str, Audience] = {}
        self.templists: list[TemporaryList] = []
        self.tags = Tags()
        self.shop = Shop()
        self.forms: dict[int, Form] = {}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the account."""
        return ZoneInfo(self.settings.timezone)

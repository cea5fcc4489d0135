"""A world with a website: the stand-in of Spotler Leads beside the others, and what tests do with both."""

import dataclasses
from datetime import timedelta

from connector.dataverse.names import Interaction, Visitor
from connector.http import Clock, Transport
from connector.spotler.leads import SpotlerLeads
from connector.spotler.leads.facts import LeadsFacts
from connector.spotler.leads.tokens import LeadsAccount, LeadsBearer
from sandbox.leads.side_door import LeadsDoor

ACCOUNT_OF_VISITOR = f"_{Visitor.ACCOUNT}_value"
LEAD_OF_VISITOR = f"_{Visitor.LEAD}_value"
#: Routes of Spotler Leads, as its faults are armed for them.
BLOCKS, BY_DATE, LEAD, MARK = "*/trackedlinks/{take}", "*/leads/{type}/*", "*/lead/{lead}", "*markprocessed*"


def leads_client(url, account, clock, *, take=100):
    """A client of the stand-in whose pauses take no time."""

    def transport():
        return Transport(url, timeout=10, parallel=4, system="Spotler Leads", clock=clock)

    facts = LeadsFacts()
    return SpotlerLeads(transport(), LeadsBearer(transport(), account, facts, clock=clock), account.id, facts=facts,
                        take=take)  # fmt: skip


class Website:
    """What happens on the website, and what Dataverse has of it."""

    def __init__(self, world, standin, *, take=100):
        self.world = world
        self.door = LeadsDoor(standin.url)
        self.door.post("reset")
        given = standin.sandbox.settings
        self.account = LeadsAccount(
            given.account, given.client_id, given.client_secret, given.username, given.password
        )  # fmt: skip
        clock = Clock(world.time.monotonic, world.time.wall, world.time.sleep, world.time.random)
        self._make = lambda size: leads_client(standin.url, self.account, clock, take=size)
        self.services = dataclasses.replace(world.services, leads=self._make(take))

    def with_pages(self, size):
        self.services.leads.close()
        self.services = dataclasses.replace(self.services, leads=self._make(size))

    def with_account(self, account):
        """A restart with other credentials."""
        self.account = account
        self.with_pages(100)

    def with_settings(self, **settings):
        changed = self.services.settings.model_copy(update=settings)
        self.services = dataclasses.replace(self.services, settings=changed)

    def close(self):
        self.services.leads.close()

    # On the website

    def visitor(self, name="Acme", *, before=timedelta(minutes=5), company=None, **details):
        last = (self.world.now - before).isoformat()
        given = {"name": name, "last_visit": last, "company": company or {}, **details}
        return self.door.post("visitors", visitors=[given])["ids"][0]

    def view(self, visitor, *titles, before=timedelta(minutes=5), **details):
        visited = (self.world.now - before).isoformat()
        self.door.post(
            "visits", visits=[{"visitor": visitor, "title": title, "visited": visited, **details} for title in titles]
        )

    def waiting(self):
        return len(self.door.get("state")["unacknowledged"])

    def calls(self, part=""):
        return sum(each["count"] for each in self.door.get("calls") if part in each["route"])

    def hands_out_again(self):
        """The blocks that nobody has acknowledged are handed out again."""
        self.door.post("clock", advance_s=300)

    # In Dataverse

    def rows(self):
        return {row[Visitor.EXTERNAL_ID]: row for row in self.world.rows(Visitor.TABLE)}

    def row(self, visitor):
        return self.rows()[visitor]

    def views(self):
        return sorted(row[Interaction.NAME] for row in self.world.rows(Interaction.TABLE))

"""Somebody who sits before the console, and the people that a journey is about."""

from urllib.parse import urlencode
from uuid import uuid4

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from connector.dataverse.names import Contact, Permission
from sandbox.people import People

#: Milliseconds that anything may take: a slow, busy machine included.
PATIENCE = 120_000
#: What htmx says of a request that was overtaken by the next thing that the person did.
ABORTED = ("htmx:sendAbort", "htmx:afterRequest")


class Desk:
    """A page of the console; what it complains about is kept."""

    def __init__(self, page: Page, url: str, people: People, ids: dict[str, str]) -> None:
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        self.page = page
        self.people = people
        self.ids = ids
        self.problems: list[str] = []
        self._address = url.partition("?")[0].rstrip("/")
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._hear)
        page.goto(url)
        expect(self.dynamics).to_be_visible()

    def _hear(self, line: ConsoleMessage) -> None:
        if line.type == "error" and line.text not in ABORTED:
            self.problems.append(line.text)

    @property
    def dynamics(self) -> Locator:
        return self.page.locator("#dynamics")

    @property
    def spotler(self) -> Locator:
        return self.page.locator("#spotler")

    @property
    def bus(self) -> Locator:
        return self.page.locator("#bus")

    @property
    def functions(self) -> Locator:
        return self.page.locator("#functions")

    @property
    def story(self) -> Locator:
        return self.page.locator("#story")

    @property
    def notice(self) -> Locator:
        return self.page.locator(".notice")

    def person(self, *, permission: str = "", **columns: object) -> tuple[str, str]:
        """A contact of this journey alone: its id and its name."""
        name = f"Reiziger{uuid4().hex[:8]}"
        row = {"firstname": "Jo", "lastname": name, "emailaddress1": f"{name.lower()}@example.org", **columns}
        contact = self.people.create(Contact.SET, row)
        if permission:
            bind = f"{Permission.CONTACT_NAVIGATION}@odata.bind"
            self.people.create(
                Permission.SET,
                {Permission.NAME: permission, Permission.SUBSCRIBED: True, bind: f"/{Contact.SET}({contact})"},
            )
        return contact, f"Jo {name}"

    def open(self, **state: str) -> None:
        """Go to a view."""
        self.page.goto(f"{self._address}/?{urlencode(state)}")

    def open_person(self, contact: str, name: str) -> None:
        """Show a contact on both sides, once it has arrived in Spotler."""
        self.open(d="record", r=f"contact:{contact}", s="contact")
        expect(self.spotler.get_by_role("heading", name=name)).to_be_visible()

    def press(self, name: str, column: Locator | None = None) -> None:
        """Press a button, and see that it was done."""
        (column or self.page).get_by_role("button", name=name, exact=True).click()

    def choose_job(self, operation: str, **fields: str) -> None:
        """Fill in the job form for the record in hand, and save it."""
        self.page.get_by_role("link", name="New job").click()
        self.dynamics.get_by_label("Operation").select_option(operation)
        for label, value in fields.items():
            self.dynamics.get_by_label(label.replace("_", " "), exact=True).fill(value)
        self.press("Save")

    def run_timer(self, name: str) -> None:
        """Run a timer and wait until it has.

        A feed is read up to the last whole second, and what happens in the present one comes with the next run. So
        the sweep, which runs every two seconds, is waited for twice first.
        """
        sweep = self.functions.get_by_role("link", name="Sweep jobs")
        for _ in range(2):
            expect(sweep).not_to_have_text(sweep.inner_text())
        self.functions.get_by_label("Timer").select_option(name)
        self.press("Run now")
        expect(self.notice).to_contain_text("has run")

    def status(self, text: str) -> None:
        """Wait until the job in hand has a status."""
        expect(self.dynamics.locator(".title .pill")).to_have_text(text)

    def calm(self) -> None:
        """End what the journey has armed."""
        top = self.page.request.get(f"{self._address}/part/top")
        expect(top).to_be_ok()
        if "End faults" in top.text():
            self.open()
            self.press("End faults")
            expect(self.notice).to_contain_text("All faults have ended.")

"""The ten journeys of docs/demo.md, in a browser, as a person makes them."""

from uuid import uuid4

from playwright.sync_api import expect

from connector.dataverse.names import Contact, ListMember, MarketingList


def test_a_job(desk):
    name = f"Jet{uuid4().hex[:8]}"
    desk.page.get_by_role("link", name="+ Person").click()
    desk.dynamics.get_by_label("First name").fill("Jet")
    desk.dynamics.get_by_label("Last name").fill(name)
    desk.dynamics.get_by_label("Email").fill(f"{name.lower()}@example.org")
    desk.press("Save")

    expect(desk.dynamics.get_by_role("heading", name=f"Jet {name}")).to_be_visible()
    desk.choose_job("Add Tag", Tag="Webinar")

    desk.status("Completed")
    expect(desk.spotler.locator(".pill", has_text="Webinar")).to_be_visible()
    for lane in ("dynamics", "bus", "functions", "spotler"):
        expect(desk.story.locator(f"li.{lane}").first).to_be_visible()


def test_an_opt_out(desk):
    contact, name = desk.person(permission="Newsletter")
    desk.open_person(contact, name)
    subscribed = desk.dynamics.get_by_role("button", name="Subscribed", exact=True)
    expect(subscribed).to_be_visible()
    expect(desk.spotler.get_by_role("button", name="Unsubscribe from it")).to_be_visible()

    desk.press("Unsubscribe", desk.spotler)
    desk.run_timer("read_updates")

    expect(desk.dynamics.get_by_role("button", name="Not subscribed")).to_be_visible()
    expect(subscribed).to_have_count(0)


def test_a_new_subscriber(desk):
    name = f"Nieuw{uuid4().hex[:8]}"
    desk.spotler.get_by_label("First name").fill(name)
    desk.spotler.get_by_label("E-mail").fill(f"{name.lower()}@example.org")
    desk.press("Sign up for the newsletter")
    expect(desk.spotler.locator("li", has_text=name).get_by_text("new here")).to_be_visible()

    desk.run_timer("read_updates")

    expect(desk.dynamics.locator("li", has_text=name).get_by_text("Newsletter")).to_be_visible()
    expect(desk.spotler.locator("li", has_text=name).get_by_text("new here")).to_have_count(0)


def test_a_list(desk):
    members = [desk.person() for _ in range(2)]
    name = f"Lijst {uuid4().hex[:8]}"
    row = {MarketingList.NAME: name, MarketingList.MEMBER_TYPE: 2}
    marketing_list = desk.people.create(MarketingList.SET, row)
    for contact, _ in members:
        desk.people.create(
            ListMember.SET,
            {
                f"{ListMember.LIST}@odata.bind": f"/{MarketingList.SET}({marketing_list})",
                f"{ListMember.MEMBER}_{Contact.TABLE}@odata.bind": f"/{Contact.SET}({contact})",
            },
        )
    desk.open(d="lists", s="audiences")

    desk.dynamics.locator("li", has_text=name).get_by_role("button", name="Sync").click()

    desk.status("Completed")
    audience = desk.spotler.locator("li", has_text=name)
    expect(audience).to_contain_text("2 members")
    for _, person in members:
        expect(audience).to_contain_text(person)


def test_a_bounce(desk):
    contact, name = desk.person()
    desk.open_person(contact, name)

    desk.press("Hard bounce")
    expect(desk.spotler.locator(".title .pill", has_text="hardBounce")).to_be_visible()
    desk.run_timer("read_bounces")

    expect(desk.dynamics.get_by_text("Hard bounce", exact=True)).to_be_visible()


def test_an_outage(desk):
    contact, name = desk.person()
    desk.open_person(contact, name)

    desk.press("Spotler: outage")
    expect(desk.page.locator(".armed")).to_contain_text("Spotler does not work")
    desk.choose_job("Add Tag", Tag="Patience")
    expect(desk.story).to_contain_text("Waits:")
    desk.press("End faults")

    desk.status("Completed")
    expect(desk.spotler.locator(".pill", has_text="Patience")).to_be_visible()


def test_a_kill(desk):
    contact, name = desk.person()
    desk.open_person(contact, name)

    desk.press("Slow")
    desk.choose_job("Add Tag", Tag="Survivor")
    desk.status("In Progress")
    desk.press("Kill the engine")
    expect(desk.notice).to_contain_text("The engine was killed")
    desk.press("End faults")

    desk.status("Completed")
    expect(desk.functions).to_contain_text("restarted")
    expect(desk.spotler.locator(".pill", has_text="Survivor")).to_be_visible()


def test_a_replay(desk):
    contact, name = desk.person()
    desk.open_person(contact, name)
    desk.page.get_by_role("link", name="New job").click()
    desk.dynamics.get_by_label("Operation").select_option("Start Automation")
    desk.dynamics.get_by_label("Automation", exact=True).select_option("🚀 Reactivation")
    desk.press("Save")
    desk.status("Failed")
    expect(desk.dynamics).to_contain_text("AUTOMATION_INACTIVE")

    desk.page.get_by_role("link", name="Automations").click()
    reactivation = desk.spotler.locator("li", has_text="Reactivation").first
    reactivation.get_by_role("button", name="inactive").click()
    expect(reactivation.get_by_role("button", name="active", exact=True)).to_be_visible()
    desk.press("Run again")

    desk.status("Completed")
    expect(desk.spotler.locator("li", has_text=name)).to_contain_text("Reactivation")


def test_a_form_works_in_the_moment_it_appears(desk):
    contact, name = desk.person()
    desk.open_person(contact, name)
    desk.page.evaluate(
        """new MutationObserver((_, observer) => {
            const operation = document.getElementById("op");
            if (!operation) return;
            observer.disconnect();
            operation.value = "start-automation";
            operation.dispatchEvent(new Event("change", { bubbles: true }));
        }).observe(document.body, { childList: true, subtree: true })"""
    )

    desk.page.get_by_role("link", name="New job").click()

    expect(desk.dynamics.get_by_label("Automation", exact=True)).to_be_visible()


def test_a_message_that_cannot_be_read(desk):
    desk.press("Post an unreadable message")
    message = desk.bus.locator(".messages li")
    expect(message).to_contain_text("MESSAGE_NOT_JSON")

    desk.press("Replay", desk.bus)

    expect(desk.page.locator("#output")).to_contain_text("failed again")
    expect(message).to_contain_text("MESSAGE_NOT_JSON")


def test_a_merge(desk):
    (kept, name), (other, other_name) = desk.person(), desk.person()
    desk.open_person(other, other_name)
    desk.open_person(kept, name)

    desk.page.get_by_role("link", name="Merge…").click()
    desk.page.get_by_label("The record that ends").select_option(f"contact:{other}")
    desk.press("Merge")

    desk.open(d="record", r=f"contact:{other}", s="contact")
    expect(desk.dynamics.locator(".title")).to_contain_text("merged")
    expect(desk.spotler).to_contain_text("This record is not in Spotler.")
    expect(desk.story).to_contain_text("contact.anonymized")


def test_a_plan(desk):
    contact, name = desk.person(address1_city="Breda")
    desk.open_person(contact, name)
    expect(desk.spotler.locator("dl")).to_contain_text("Breda")

    desk.press("Lose a message")
    desk.page.get_by_role("link", name="Edit").click()
    desk.dynamics.get_by_label("City").fill("Delft")
    desk.press("Save")
    desk.press("Plan")
    expect(desk.page.locator("#output")).to_contain_text("1 record would change")
    expect(desk.spotler.locator("dl")).to_contain_text("Breda")
    desk.press("Apply the plan")

    expect(desk.spotler.locator("dl")).to_contain_text("Delft")


def test_a_notice_does_not_cover_the_button_that_is_pressed_next(desk):
    desk.press("Spotler: outage")
    expect(desk.notice).to_contain_text("status 503")

    desk.press("End faults")

    expect(desk.notice).to_contain_text("All faults have ended.")


def test_whoever_uses_the_keyboard_keeps_their_place(desk):
    contact, name = desk.person()
    desk.open()
    row = desk.dynamics.get_by_role("link", name=name)
    row.focus()
    other, other_name = desk.person()

    expect(desk.dynamics.get_by_role("link", name=other_name)).to_be_visible()
    expect(row).to_be_focused()
    desk.page.keyboard.press("Enter")

    expect(desk.dynamics.get_by_role("heading", name=name)).to_be_visible()
    assert contact != other


def test_a_job_is_ordered_with_the_keyboard_alone(desk):
    contact, name = desk.person()
    desk.open_person(contact, name)
    keyboard = desk.page.keyboard

    desk.dynamics.get_by_role("link", name="New job").focus()
    keyboard.press("Enter")
    expect(desk.dynamics.get_by_label("Operation")).to_be_focused()
    desk.dynamics.get_by_label("Tag", exact=True).focus()
    keyboard.type("Keyboard")
    keyboard.press("Enter")

    expect(desk.notice).to_contain_text("The job Add Tag was saved.")
    expect(desk.dynamics.locator(".scroll")).to_be_focused()

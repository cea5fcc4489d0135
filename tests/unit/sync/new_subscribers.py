"""New subscribers in Spotler, and what becomes of them."""

SUBSCRIBER_ROWS = [
    {"contact": "emailaddress1", "lead": "emailaddress1", "direction": "->", "spotler": "email"},
    {"contact": "firstname", "lead": "firstname", "direction": "<->", "spotler": "firstName"},
    {"contact": "lastname", "lead": "lastname", "direction": "->", "spotler": "lastName"},
    {"contact": "telephone1", "lead": "telephone1", "direction": "<->", "spotler": "phoneNumber"},
    {"contact": "birthdate", "direction": "->", "spotler": "birthday"},
    {"contact": "new_source", "direction": "<-", "spotler": "$value:Web form"},
    {"lead": "leadsourcecode", "direction": "<-", "spotler": "$value:Web"},
    {"contact": "@map(permissions)", "lead": "@map(permissions)", "direction": "<->", "spotler": "permissions"},
]


def person(email: str = "ann@example.org", *, on: tuple[int, ...] = (1,), **properties: object) -> dict:
    items = [{"bit": bit, "enabled": bit in on} for bit in (1, 2, 4)]
    return {"properties": {"email": email, "permissions": items, **properties}}


def in_spotler(world) -> dict[str, str | None]:
    """The External Id by address."""
    contacts = world.spotler.state()["contacts"]
    return {each["properties"]["email"]: each["externalId"] for each in contacts if "email" in each["properties"]}


def permissions_of(world, row_id: str) -> dict[str, bool]:
    rows = world.rows("dh_spotlerpermission")
    return {row["dh_name"]: row["dh_subscribed"] for row in rows if row_id in row.values()}

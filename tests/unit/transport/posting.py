"""A call with personal data in its address and in its body."""

SECRET = "who@example.org"


def post(transport, **options):
    given = {"route": "contact", "params": f"email={SECRET}", "json": {"email": SECRET}, "repeatable": False} | options
    return transport.send("POST", "contact/1", **given)

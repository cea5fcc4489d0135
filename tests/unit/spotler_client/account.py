"""The contact fields that every account has, as Spotler lists them."""

from tests.unit.scripted_server import Answer

EMAIL = {"name": "email", "description": "E-mail", "type": "email"}
PERMISSIONS = {"name": "permissions", "type": "set", "entries": [{"bit": 1, "description": "Newsletter", "rank": 1}]}
PROPERTIES = [EMAIL, PERMISSIONS]
#: What a gateway shows while it has no way to Spotler.
PAGE = Answer(404, b"<html><h1>Not Found</h1></html>")


def missing_but(**answers):
    """Answers what stands at these paths, by their end; anything else is a gateway's 404."""

    def answer(request):
        if request.path == "/contact/properties/list":
            return Answer(body=PROPERTIES)
        found = [each for name, each in answers.items() if request.path.endswith(f"/{name}")]
        return found[0] if found else PAGE

    return answer

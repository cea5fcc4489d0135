"""An environment whose answers are recorded: definitions in the shapes that the documentation of Dataverse shows."""

from connector.dataverse.schema.installation import PUBLISHER, SOLUTION
from connector.setup.labels import Languages
from connector.setup.target import SetupTarget

DUTCH_AND_ENGLISH = Languages(1033, frozenset({1033, 1043}))


class Recorded:
    """Answers reads from a dictionary, and remembers writes. Conditions of lists are not looked at."""

    def __init__(self, answers=None, publishers=()):
        self.answers = {"publishers": list(publishers), **(answers or {})}
        self.sent = []
        self.writes = 0

    def find(self, path):
        return self.answers.get(path.partition("?")[0])

    get = find

    def rows(self, path):
        return self.answers.get(path.partition("?")[0], [])

    def post(self, path, body, solution=""):
        self._sent("POST", path, body, solution)
        return "00000000-0000-4000-8000-000000000001"

    def put(self, path, body, solution=""):
        self._sent("PUT", path, body, solution)

    def patch(self, path, body, solution="", version="*"):  # noqa: ARG002 - recorded without
        self._sent("PATCH", path, body, solution)

    def act(self, name, body):
        self._sent("POST", name, body, "")
        return {}

    def delete(self, path):
        self._sent("DELETE", path, {}, "")

    def _sent(self, *call):
        self.writes += 1
        self.sent.append(call)


def label(**texts):
    """A label as the Web API shows it: `label(en="Tag", nl="Tag")`."""
    codes = {"en": 1033, "nl": 1043}
    shown = [{"Label": text, "LanguageCode": codes[language]} for language, text in texts.items()]
    return {"LocalizedLabels": shown, "UserLocalizedLabel": shown[0] if shown else None}


def target(answers=None, *, publishers=(), languages=DUTCH_AND_ENGLISH, has_lists=True, version="", members=()):
    """An environment with these answers."""
    calls = Recorded(answers, publishers)
    solution_id = "11111111-0000-4000-8000-000000000000" if version else ""
    return SetupTarget(
        calls, "Contoso", "22222222-0000-4000-8000-000000000000", languages, has_lists, solution_id, version,
        frozenset(members),
    )  # fmt: skip


OUR_PUBLISHER = {
    "publisherid": "33333333-0000-4000-8000-000000000000",
    "uniquename": PUBLISHER.name,
    "customizationprefix": PUBLISHER.prefix,
    "customizationoptionvalueprefix": PUBLISHER.option_prefix,
}
VERSION = SOLUTION.version

"""`definitions`: what the scripts in Dataverse know of jobs follows from the operations."""

from connector.setup.interface.definitions import definitions_script
from connector.setup.interface.web_resources import FOLDER


def test_the_file_is_what_the_command_prints(cli):
    ended = cli("definitions")

    assert (ended.code, ended.err, ended.out) == (0, "", definitions_script())
    assert (FOLDER / "definitions.js").read_text("utf-8") == ended.out, (
        "run: python -m connector definitions > connector/setup/interface/resources/definitions.js"
    )

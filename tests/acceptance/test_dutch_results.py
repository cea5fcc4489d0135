"""With RESULT_LANGUAGE=nl, what people read on rows is Dutch: through the bus and the engine, as in Azure."""

import pytest

from connector.dataverse.choices import Operation
from sandbox.system import Options, running
from tests.acceptance.world import World

SENT_TWICE = "tag-a, tag-b"


@pytest.fixture(scope="module")
def dutch(tmp_path_factory):
    with running(Options(settings={"RESULT_LANGUAGE": "nl"}), folder=tmp_path_factory.mktemp("dutch")) as system:
        world = World(system)
        yield world
        world.bus.close()


def test_jobs_end_with_a_dutch_message_and_the_same_codes(dutch):
    record = dutch.contact()

    done = dutch.run(Operation.ADD_TAG, record, dh_tag=SENT_TWICE)
    refused = dutch.run(Operation.ADD_TAG, record)

    done.assert_completed()
    assert done.message == "2 tags toegevoegd."
    refused.assert_failed("JOB_NOT_VALID")
    assert refused.message == "[JOB_NOT_VALID] De taak heeft geen tag; vul Tag in. Herstel dit in een nieuwe taak."
    assert dutch.posts(record) == [f"Spotler-tag toegevoegd: {SENT_TWICE}"]

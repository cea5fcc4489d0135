"""`message show`: how a captured message is read, and where the router would send it."""

import pytest

from tests.unit.jobs.posted import CONTACT, JOB, body, choice, created


@pytest.fixture
def show(cli, tmp_path):
    def _show(content: bytes):
        path = tmp_path / "message.json"
        path.write_bytes(content)
        return cli("message", "show", str(path))

    return _show


def test_a_job_is_shown_with_the_subscription_that_it_goes_to(show):
    ended = show(body(created()))

    assert ended.code == 0
    assert f"Goes to: spotler-jobs, subscription add-tag, job {JOB}" in ended.out
    assert "dh_spotlerjob with 3 columns: dh_customerid, dh_operation, statuscode" in ended.out


def test_what_users_typed_is_not_shown(show):
    ended = show(body(created(columns={"dh_tag": "Very personal", "dh_automationfields": "email=jane@example.org"})))

    assert ended.code == 0
    assert "personal" not in ended.out
    assert "jane" not in ended.out
    assert CONTACT not in ended.out


def test_a_message_that_means_no_work_says_why(show):
    ended = show(body(created(tag="spotler-connector")))

    assert (ended.code, "Ignored: the connector wrote it itself" in ended.out) == (0, True)
    assert (
        "Ignored: the job was created with another status" in show(body(created(columns={"statuscode": choice(2)}))).out
    )


def test_a_foreign_message_goes_to_quarantine_with_what_to_do(show):
    ended = show(body(created(PrimaryEntityName="task")))

    assert ended.code == 0
    assert "Goes to: quarantine\n[MESSAGE_FOREIGN] The connector does not handle Create of task." in ended.out


@pytest.mark.parametrize(("content", "code"), [(b"", "MESSAGE_EMPTY"), (b"[1]", "MESSAGE_NOT_DATAVERSE")])
def test_what_cannot_be_read_fails_with_the_reason(show, content, code):
    ended = show(content)

    assert ended.code == 1
    assert f"Goes to: quarantine\n[{code}]" in ended.out


def test_a_file_that_is_not_there_is_a_wrong_use_of_the_command(cli):
    ended = cli("message", "show", "missing.json")

    assert ended.code == 2
    assert "missing.json" in ended.err


def test_looking_at_a_message_needs_no_settings(show, environment):
    assert "DATAVERSE_URL" not in environment
    assert show(body(created())).code == 0

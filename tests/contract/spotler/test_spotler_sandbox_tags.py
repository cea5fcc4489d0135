import pytest

from tests.contract.spotler.support import error_of


def score(name, number, operation="SET"):
    return {"tags": [{"name": name, "score": number, "scoreOperation": operation}]}


def held(api, contact="c-1"):
    return {each["name"]: each["score"] for each in api.get(f"/contact/{contact}/tags").json()}


def test_tag_is_created_on_use_and_first_spelling_is_kept(api, ann, door):
    path = f"/contact/{ann}/tags"

    assert api.post("/tag", {"name": "Lead"}).status_code == 204
    assert api.post("/tag", {"name": "LEAD"}).status_code == 204
    assert api.post(path, {"tags": [{"name": "lead"}, {"name": "Hot"}]}).status_code == 204
    assert api.get("/tag/list").json() == [{"name": "Lead"}, {"name": "Hot"}]
    assert held(api) == {"Lead": None, "Hot": None}
    effects = [(e["effect"], e["detail"]["tag"]) for e in door.journal()]
    assert effects == [
        ("tag.created", "Lead"),
        ("tag.added", "lead"),
        ("tag.created", "Hot"),
        ("tag.added", "Hot"),
    ]


def test_score_is_set_raised_and_lowered(api, ann, door):
    path = f"/contact/{ann}/tags"
    for body in (score("Lead", 10), score("lead", 5, "INCREASE"), score("Lead", 20, "DECREASE")):
        assert api.post(path, body).status_code == 204
    api.post(path, score("New", 3, "DECREASE"))
    api.post(path, {"tags": [{"name": "Lead"}]})  # keeps the score

    assert held(api) == {"Lead": -5, "New": -3}
    assert [e["detail"]["new"] for e in door.journal("score.changed")] == [10, 15, -5, -3]


def test_repeated_tag_and_score_leave_one_effect(api, ann, door):
    for _ in range(3):
        api.post(f"/contact/{ann}/tags", score("Lead", 10))

    assert [e["effect"] for e in door.journal()] == ["tag.created", "tag.added", "score.changed"]


def test_removal_takes_the_score_and_ignores_what_is_not_there(api, ann):
    path = f"/contact/{ann}/tags"
    api.post(path, score("Lead", 10))

    assert api.delete(path, {"tags": [{"name": "LEAD"}, {"name": "Other"}]}).status_code == 204
    api.post(path, {"tags": [{"name": "Lead"}]})
    assert held(api) == {"Lead": None}


@pytest.mark.parametrize("body", [{}, {"tags": []}, {"tags": None}, {"tags": [{}]}, {"tags": ["Lead"]}, None])
def test_empty_list_is_400_and_removes_nothing(api, ann, body):
    path = f"/contact/{ann}/tags"
    api.post(path, {"tags": [{"name": "Lead"}]})

    assert error_of(api.delete(path, body)) == (400, "INVALID_PARAMS")
    assert held(api) == {"Lead": None}


@pytest.mark.parametrize(
    "entry",
    [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 256},
        {"name": "a", "score": "10"},
        {"name": "a", "score": 1.5},
        {"name": "a", "score": True},
        {"name": "a", "scoreOperation": "SET"},
        {"name": "a", "score": 1, "scoreOperation": "DOUBLE"},
    ],
)
def test_one_wrong_entry_refuses_all(api, ann, door, entry):
    answer = api.post(f"/contact/{ann}/tags", {"tags": [{"name": "Good"}, entry]})

    assert (error_of(answer), door.journal()) == ((400, "INVALID_PARAMS"), [])


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_contact_is_404(api, method):
    body = None if method == "GET" else {"tags": [{"name": "a"}]}
    answer = api.call(method, "/contact/nobody/tags", body)

    assert error_of(answer) == (404, "CONTACT_NOT_FOUND")


def test_tags_hang_on_a_switch(api, ann, door):
    door.settings(extensions={"tags": False})

    for answer in (api.get("/tag/list"), api.get(f"/contact/{ann}/tags"), api.post("/tag", {"name": "a"})):
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html;charset=utf-8")

"""What is deployed: the app and its packages, and nothing of the developers (`.funcignore`).

Core Tools, azd and the action of GitHub all read the file as one of Git's ignore files.
"""

import subprocess
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

ROOT = Path(__file__).parents[2]
LINES = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
IGNORED = GitIgnoreSpec.from_lines(LINES)

#: What the app consists of, at the root of the repository.
APP = {"connector", "function_app.py", "host.json", "mappings", "requirements.txt"}

#: Where packages lie that are deployed with the app, and names in there that are like names of ours.
PACKAGES = ".python_packages/lib/site-packages"


def tracked() -> list[str]:
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no Git repository")
    return listed.stdout.splitlines()


def test_the_app_is_deployed_whole_and_nothing_else_of_the_repository():
    files = tracked()
    app = {file for file in files if file.split("/")[0] in APP}

    assert {file.split("/")[0] for file in app} == APP
    assert {file for file in files if not IGNORED.match_file(file)} == app


@pytest.mark.parametrize(
    "file",
    [
        *("azure/functions/__init__.py", "requests/sessions.py", "orjson/orjson.cpython-313-x86_64-linux-gnu.so"),
        *("requests-2.34.2.dist-info/METADATA", "requests-2.34.2.dist-info/licenses/LICENSE", "package/README.md"),
        *("package/docs/page.txt", "package/tests/__init__.py", "package/sandbox/data.json", "package/infra/x.json"),
        *("package/dev.py", "package/pyproject.toml", "package/.hidden", "package/local.settings.json"),
        *("package/requirements-dev.txt", "package/azure.yaml", "package.egg-info/PKG-INFO"),
    ],
)
def test_packages_that_are_deployed_with_the_app_stay_whole(file):
    assert not IGNORED.match_file(f"{PACKAGES}/{file}")


@pytest.mark.parametrize(
    "file",
    [
        *("local.settings.json", "local.settings.json.example", "azure.yaml", "infra/main.bicep", ".git/config"),
        *(".github/workflows/ci.yml", "spotler_connector.egg-info/PKG-INFO", "docs/index.md", ".vscode/settings.json"),
        *("connector/__pycache__/errors.cpython-313.pyc", ".venv/lib/python3.13/site-packages/requests/api.py"),
    ],
)
def test_what_holds_secrets_or_is_for_developers_is_not_deployed(file):
    assert IGNORED.match_file(file)


def test_what_git_ignores_is_not_deployed():
    patterns = [line for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if line]
    paths = [pattern.lstrip("!/").replace("*", "x") for pattern in patterns]
    files = [path + ("file" if path.endswith("/") else "") for path in paths]

    assert [file for file in files if not IGNORED.match_file(file)] == []


def test_only_patterns_of_compiled_files_match_at_any_depth():
    patterns = [line for line in LINES if line and not line.startswith("#")]

    assert [pattern for pattern in patterns if not pattern.startswith("/")] == ["__pycache__/", "*.pyc"]

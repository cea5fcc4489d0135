"""Checks of the settings, the files and the package: nothing is called but to read the time of the other systems."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from connector.doctor.context import CheckContext
from connector.doctor.model import CheckGroup, CheckMaker, Diagnosis, Reach, failed, not_checked, ok, warning
from connector.doctor.ncrontab import is_schedule
from connector.errors import Misconfigured
from connector.servicebus.entities import JOB_LOCK, subscriptions
from connector.words import Sentence

#: What stands in a setting that Azure could not replace by its secret.
REFERENCE: Final = "@Microsoft.KeyVault("
#: Python of the app in Azure.
PYTHON: Final = (3, 13)
#: Seconds by which clocks may differ: signatures of OAuth 1.0a are refused after minutes.
CLOCK_SECONDS: Final = 30
#: Seconds in which a system has to say what time it is.
DATE_SECONDS: Final = 10.0
#: Seconds in which the app has to load.
LOAD_SECONDS: Final = 60.0
#: What a package must have at its root.
PACKAGED: Final = ("function_app.py", "host.json", "requirements.txt", "mappings/default.json")
SITE_PACKAGES: Final = ".python_packages/lib/site-packages/"


def _settings_valid(context: CheckContext) -> Diagnosis:
    try:
        _ = context.settings
    except Misconfigured as error:
        return failed(error.sentence, "Correct these settings under Environment variables of the app.")
    return ok("All settings are valid.")


def _references_resolved(context: CheckContext) -> Diagnosis:
    names = sorted(name for name, value in context.environment.items() if value.startswith(REFERENCE))
    if not names:
        return ok("No setting shows its Key Vault reference.")
    return failed(
        Sentence("Settings show their Key Vault reference instead of the secret: {names}.", names=", ".join(names)),
        "Check that the secret exists, that the app's identity has the role Key Vault Secrets User, and that "
        "keyVaultReferenceIdentity names that identity.",
    )


def _one_bus(context: CheckContext) -> Diagnosis:
    values = context.environment
    if values.get("ServiceBus") and values.get("ServiceBus__fullyQualifiedNamespace"):
        return failed(
            "Both ServiceBus and ServiceBus__fullyQualifiedNamespace are set.",
            "Remove ServiceBus, the connection string, where the identity of the app is used.",
        )
    return ok("Service Bus is reached in one way.")


def _identity_named(context: CheckContext) -> Diagnosis:
    values = context.environment
    bus, usual = values.get("ServiceBus__clientId", ""), values.get("AZURE_CLIENT_ID", "")
    if bus and bus != usual:
        return failed(
            "ServiceBus__clientId names an identity, and AZURE_CLIENT_ID is missing or names another one.",
            "Set AZURE_CLIENT_ID to the same client id: what does not read ServiceBus__clientId uses it.",
        )
    return ok("The settings name one identity, or leave it to Azure.")


def _schedules_valid(context: CheckContext) -> Diagnosis:
    wrong = []
    for function, setting in sorted(_schedules().items()):
        value = context.environment.get(setting, "")
        if not value:
            wrong.append(
                Sentence("{setting} is missing, so {function} does not run", setting=setting, function=function)
            )
        elif not is_schedule(value):
            wrong.append(Sentence("{setting} is not an NCRONTAB expression", setting=setting))
    if wrong:
        return failed(
            Sentence("{names}.", names=Sentence.joined(*wrong, between="; ")),
            "Set each to six fields, for example 0 */2 * * * *; see settings.md.",
        )
    return ok("Every timer has a valid schedule.")


def _schedules() -> dict[str, str]:
    """The setting of the schedule of each timer, read from the source: importing it would need the library of Azure."""
    source = (Path(__file__).parents[1] / "triggers" / "timers.py").read_text(encoding="utf-8")
    return dict(re.findall(r'function_name\("(\w+)"\).*?schedule="%(\w+)%"', source, flags=re.DOTALL))


def _packages_pinned(context: CheckContext) -> Diagnosis:
    python = ".".join(map(str, sys.version_info[:2]))
    wrong = [] if sys.version_info[:2] == PYTHON else [Sentence("Python is {version}", version=python)]
    for name, version in _pins(context.app / "requirements.txt"):
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = Sentence("missing")
        if found != version:
            wrong.append(Sentence("{name} is {found}, not {version}", name=name, found=found, version=version))
    if wrong:
        return failed(
            Sentence("{names}.", names=Sentence.joined(*wrong, between="; ")),
            "Install requirements.txt with Python 3.13, or build the package again.",
        )
    return ok("Python and all packages are those of requirements.txt.")


def _pins(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)==([^\s;#]+)\s*(?:#.*)?$", line):
            yield match[1], match[2]


def _package_complete(context: CheckContext) -> Diagnosis:
    if context.package is None:
        return not_checked("Name the package for deployment with --package, a folder or a zip file.")
    names = _names(context.package)
    wrong = [Sentence("{name} is missing", name=name) for name in PACKAGED if name not in names]
    if not any(name.startswith(SITE_PACKAGES) for name in names):
        wrong.append(Sentence("it has no .python_packages"))
    foreign = [name for name in names if name.endswith(".so") and "cpython-313" not in name and "abi3" not in name]
    if foreign:
        wrong.append(
            Sentence(
                "{count} binary file is for another Python: {name}",
                plural="{count} binary files are for another Python, for example {name}",
                count=len(foreign),
                name=foreign[0],
            )
        )
    if wrong:
        return failed(
            Sentence("The package is not complete: {names}.", names=Sentence.joined(*wrong, between="; ")),
            "Build it again; check the ignore file.",
        )
    return ok("The package has the app and its packages for Python 3.13.")


def _names(package: Path) -> frozenset[str]:
    if package.is_dir():
        return frozenset(each.relative_to(package).as_posix() for each in package.rglob("*") if each.is_file())
    try:
        with zipfile.ZipFile(package) as archive:
            return frozenset(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        raise Misconfigured(
            "The package is neither a folder nor a zip file.", advice="Name the package that is to be deployed."
        ) from None


def _functions_indexed(context: CheckContext) -> Diagnosis:
    script = "import function_app; print(*(f.get_function_name() for f in function_app.app.get_functions()))"
    environment = {"PATH": os.environ.get("PATH", ""), "SYSTEMROOT": os.environ.get("SYSTEMROOT", "")}
    command = [sys.executable, "-c", script]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter
            command, cwd=context.app, env=environment, capture_output=True, text=True, check=False, timeout=LOAD_SECONDS
        )
    except subprocess.TimeoutExpired:
        return failed(
            Sentence("The app did not load within {seconds} seconds.", seconds=f"{LOAD_SECONDS:.0f}"),
            "Look for code that waits while it is loaded; Azure ends a start that takes so long.",
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [Sentence("no reason given")])[-1]
        return failed(
            Sentence("The app does not load: {last}", last=last),
            "Correct the error; the app must load without settings.",
        )
    expected = {"route_dataverse_message", *_schedules(), *(name.replace("-", "_") for name in subscriptions())}
    if missing := expected - set(done.stdout.split()):
        return failed(
            Sentence("Functions are missing: {names}.", names=", ".join(sorted(missing))),
            "Deploy the whole package again.",
        )
    return ok("The app loads without settings and has every function.")


def _telemetry_agrees(context: CheckContext) -> Diagnosis:
    if not context.environment.get("APPLICATIONINSIGHTS_CONNECTION_STRING"):
        return not_checked("APPLICATIONINSIGHTS_CONNECTION_STRING is not set, so no telemetry is sent.")
    host = json.loads((context.app / "host.json").read_text(encoding="utf-8"))
    ours = context.environment.get("PYTHON_ENABLE_OPENTELEMETRY", "").lower() in ("1", "true")
    theirs = host.get("telemetryMode", "").lower() == "opentelemetry"
    if ours != theirs:
        return failed(
            "Only one of host.json (telemetryMode) and PYTHON_ENABLE_OPENTELEMETRY is in OpenTelemetry mode.",
            "Set PYTHON_ENABLE_OPENTELEMETRY to true where host.json has telemetryMode OpenTelemetry, else remove it: "
            "lines would arrive twice or not at all.",
        )
    return ok("The host and the app send telemetry in the same way.")


def _times_fit(context: CheckContext) -> Diagnosis:
    host = json.loads((context.app / "host.json").read_text(encoding="utf-8"))
    hours, minutes, seconds = map(int, host.get("functionTimeout", "00:30:00").split(":"))
    wrong = []
    if hours * 3600 + minutes * 60 + seconds < JOB_LOCK.total_seconds():
        wrong.append(Sentence("functionTimeout in host.json is shorter than the lock of a message"))
    if context.settings.job_lease_seconds < JOB_LOCK.total_seconds():
        wrong.append(Sentence("JOB_LEASE_SECONDS is shorter than the lock of a message"))
    if wrong:
        return failed(
            Sentence(
                "{names} ({seconds} s).",
                names=Sentence.joined(*wrong, between="; "),
                seconds=JOB_LOCK.total_seconds(),
            ),
            "Make it at least as long.",
        )
    return ok("The time limits fit each other.")


def _clock_right(context: CheckContext) -> Diagnosis:
    asked, far = 0, []
    for system, url in (("Dataverse", context.settings.dataverse_url), ("Spotler", context.settings.spotler_url)):
        try:
            away = (context.now() - parsedate_to_datetime(_date_of(url))).total_seconds()
        except (ValueError, TypeError):
            continue
        asked += 1
        if abs(away) > CLOCK_SECONDS:
            far.append(
                Sentence(
                    "{count} second from that of {system}",
                    plural="{count} seconds from that of {system}",
                    count=round(abs(away)),
                    system=system,
                )
            )
    if far:
        return failed(
            Sentence("The clock of this machine differs: {names}.", names=Sentence.joined(*far, between=", ")),
            "Let the machine set its clock by itself: Spotler refuses signatures with a wrong time.",
        )
    return ok("The clock is right.") if asked else warning("No system said what time it is.", "See the next checks.")


def _date_of(url: str) -> str:
    """What a system says about the time; empty where it does not answer."""
    import requests  # noqa: PLC0415 - heavy, loaded when used

    from connector.http.session import new_session  # noqa: PLC0415

    with closing(new_session(url, 1, True)) as session:
        try:
            question = requests.Request("HEAD", url).prepare()
            return session.send(question, timeout=DATE_SECONDS, allow_redirects=False).headers.get("Date", "")
        except requests.RequestException:
            return ""


_check: Final = CheckMaker(CheckGroup.CONFIGURATION, Reach.OFFLINE)

CHECKS: Final = (
    _check("SETTINGS_VALID", "every setting of the connector", _settings_valid),
    _check("REFERENCES_RESOLVED", "settings that still show their Key Vault reference", _references_resolved),
    _check("ONE_BUS_CONNECTION", "two connections to Service Bus at the same time", _one_bus),
    _check("IDENTITY_NAMED", "ServiceBus__clientId and AZURE_CLIENT_ID", _identity_named),
    _check("SCHEDULES_VALID", "the schedule of each timer", _schedules_valid),
    _check("PACKAGES_PINNED", "Python and its packages against requirements.txt", _packages_pinned),
    _check("PACKAGE_COMPLETE", "the package for deployment", _package_complete),
    _check("FUNCTIONS_INDEXED", "the functions of the app, without any setting", _functions_indexed),
    _check("TELEMETRY_AGREES", "the telemetry mode of host and app", _telemetry_agrees),
    _check("TIMES_FIT", "functionTimeout, locks and JOB_LEASE_SECONDS", _times_fit, "SETTINGS_VALID"),
    _check(
        "CLOCK_RIGHT", "the clock against Dataverse and Spotler", _clock_right, "SETTINGS_VALID", reach=Reach.SYSTEMS
    ),
)

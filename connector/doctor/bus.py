"""Checks of Service Bus with the rights of the app; what only Azure knows is in `connector.doctor.azure`."""

import socket
import ssl
from collections.abc import Collection
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connector.doctor.context import CheckContext
from connector.doctor.model import CheckGroup, CheckMaker, Diagnosis, Reach, failed, ok, warning
from connector.errors import Misconfigured
from connector.servicebus.entities import QUARANTINE, TOPIC_JOBS, Location, dead_letter_locations, work_locations
from connector.words import Sentence

if TYPE_CHECKING:
    from connector.servicebus.browse import StoredMessage

#: Ports of AMQP over TLS, and of the stand-in.
TLS_PORT: Final = 5671
EMULATOR_PORT: Final = 5672
#: Seconds to reach the namespace.
CONNECT_SECONDS: Final = 10
#: Messages that are counted of one location; a warning needs no exact figure beyond that.
COUNTED: Final = 100
#: From this age of the oldest waiting message on, something does not keep up.
WAITING: Final = timedelta(minutes=15)


def _reachable(context: CheckContext) -> Diagnosis:
    host, port, secure = _address(context)
    advice = "Allow outgoing connections to port 5671, and check the name of the namespace."
    try:
        with closing(socket.create_connection((host, port), timeout=CONNECT_SECONDS)) as plain:
            if secure:
                ssl.create_default_context().wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLError:
        return failed("The certificate of the namespace is not trusted.", "Check proxies that inspect TLS.")
    except OSError as error:
        return failed(
            Sentence(
                "The namespace does not answer on port {port} ({kind}).", port=str(port), kind=type(error).__name__
            ),
            advice,
        )
    return ok("The namespace answers.")


def _address(context: CheckContext) -> tuple[str, int, bool]:
    """Host and port of the namespace, and whether it speaks TLS.

    Raises:
        Misconfigured: the connection string has no endpoint.
    """
    settings = context.bus_settings
    if settings.service_bus is None:
        return settings.service_bus_namespace or "", TLS_PORT, True
    text = settings.service_bus.get_secret_value()
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    host, _, port = parts.get("Endpoint", "").partition("//")[2].strip("/").partition(":")
    if not host:
        raise Misconfigured("The setting ServiceBus has no endpoint.", advice="Set it to a connection string.")
    is_emulator = parts.get("UseDevelopmentEmulator", "").lower() == "true"
    return host, int(port) if port.isdigit() else EMULATOR_PORT if is_emulator else TLS_PORT, not is_emulator


def _entities_exist(context: CheckContext) -> Diagnosis:
    locations = (*work_locations(), QUARANTINE)
    try:
        context.browser.peek(locations, limit=1)
    except Misconfigured:
        missing = [str(each) for each in locations if _is_missing(context, each)]
        if len(missing) in (0, len(locations)):  # it is the connection, and no single entity
            raise
        return failed(
            Sentence("The connector cannot look into: {names}.", names=", ".join(missing)),
            "Deploy the infrastructure again, before the app; and give the connection the right to listen.",
        )
    return ok("Every queue and subscription is there.")


def _is_missing(context: CheckContext, location: Location) -> bool:
    try:
        context.browser.peek([location], limit=1)
    except Misconfigured:
        return True
    return False


def _may_send(context: CheckContext) -> Diagnosis:
    from connector.servicebus.connection import client_from, translate_errors  # noqa: PLC0415 - loaded when used

    with client_from(context.bus_settings) as client:
        for name, sender_of in ((TOPIC_JOBS, client.get_topic_sender), (QUARANTINE.name, client.get_queue_sender)):
            with translate_errors(Sentence("let the connector send to {name}", name=name)), sender_of(name) as sender:
                sender.create_message_batch()  # opens the link, and sends nothing
    return ok("The connector may send to the topic and to the quarantine.")


def _dead_letters(context: CheckContext) -> Diagnosis:
    found = context.browser.peek(dead_letter_locations(), limit=COUNTED)
    return _none_wait(
        context,
        found,
        Sentence("There are no dead letters."),
        Sentence("dead letter", plural="dead letters", count=len(found)),
        Sentence("The command dead-letters list shows them, dead-letters replay repeats them."),
    )


def _quarantine(context: CheckContext) -> Diagnosis:
    found = context.browser.peek([QUARANTINE], limit=COUNTED)
    return _none_wait(
        context,
        found,
        Sentence("There are no messages in quarantine."),
        Sentence("message", plural="messages", count=len(found)),
        Sentence("The command quarantine list shows them and why."),
    )


def _none_wait(
    context: CheckContext, found: Collection["StoredMessage"], none: Sentence, what: Sentence, remedy: Sentence
) -> Diagnosis:
    if not found:
        return ok(none)
    places = ", ".join(sorted({each.location.name for each in found}))
    return warning(
        Sentence(
            "{number} {what} in {places}, the oldest {age}.",
            number=_count(found),
            what=what,
            places=places,
            age=_age(context, found),
        ),
        remedy,
    )


def _backlog(context: CheckContext) -> Diagnosis:
    found = context.browser.peek(work_locations(), limit=1)
    late = [each for each in found if each.enqueued_on and context.now() - each.enqueued_on > WAITING]
    if not late:
        return ok("No message waits for long.")
    places = ", ".join(sorted({each.location.name for each in late}))
    return warning(
        Sentence("Messages wait in {places}, the oldest {age}.", places=places, age=_age(context, late)),
        "Check that the app runs, and its functions of the same names.",
    )


def _count(found: Collection["StoredMessage"]) -> Sentence | int:
    return Sentence("{number} or more", number=COUNTED) if len(found) >= COUNTED else len(found)


def _age(context: CheckContext, found: Collection["StoredMessage"]) -> Sentence:
    oldest = min((each.enqueued_on for each in found if each.enqueued_on), default=None)
    if oldest is None:
        return Sentence("of unknown age")
    minutes = int((context.now() - oldest).total_seconds() // 60)
    return Sentence("{count} minute old", plural="{count} minutes old", count=minutes)


_check: Final = CheckMaker(CheckGroup.BUS, Reach.SYSTEMS)

CHECKS: Final = (
    _check("BUS_REACHABLE", "the way to the namespace: name, port, TLS", _reachable),
    _check("ENTITIES_EXIST", "every queue and subscription", _entities_exist, "BUS_REACHABLE"),
    _check("BUS_SENDS", "the right to send to the topic and to the quarantine", _may_send, "ENTITIES_EXIST"),
    _check("DEAD_LETTERS", "the dead letters of every queue and subscription", _dead_letters, "ENTITIES_EXIST"),
    _check("QUARANTINE", "the queue quarantine", _quarantine, "ENTITIES_EXIST"),
    _check("BACKLOG", "the age of the oldest message in each queue and subscription", _backlog, "ENTITIES_EXIST"),
)

"""What the stand-in does not know it refuses: nothing that a client asks for is left out in silence."""

import uuid
from dataclasses import replace

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus._common import mgmt_handlers
from azure.servicebus._pyamqp.outcomes import Modified
from azure.servicebus.exceptions import MessageLockLostError, ServiceBusError

from sandbox.servicebus.encoding import encode
from sandbox.servicebus.errors import AmqpError
from sandbox.servicebus.message import BATCH_FORMAT, Content, unbatch
from sandbox.servicebus.outcomes import settlement_of
from sandbox.servicebus.performatives import Attach
from sandbox.servicebus.terminus import Terminus
from sandbox.servicebus.values import DecodeError, Described, Symbol, Timestamp, UByte, UInt, ULong
from tests.contract.servicebus.support import receive_one

SOURCE, TARGET, COORDINATOR = ULong(0x28), ULong(0x29), ULong(0x30)
ACCEPTED, REJECTED, MODIFIED, TRANSACTIONAL = ULong(0x24), ULong(0x25), ULong(0x27), ULong(0x34)
SELECTOR = Symbol("apache.org:selector-filter:string")

#: What a receiver attaches with when it wants nothing special.
PLAIN = Attach("link", UInt(0), role=True, source=Described(SOURCE, ["sb://host/work"]), target=None)


def source(*fields):
    return replace(PLAIN, source=Described(SOURCE, ["work", *fields]))


# --------------------------------------------------------------------------------------------- attaching


@pytest.mark.parametrize(
    "attach",
    [
        PLAIN,
        source(UInt(0), Symbol("session-end"), UInt(0), False),
        replace(PLAIN, properties={Symbol("com.microsoft:receiver-name"): "r", Symbol("com.microsoft:timeout"): 60000}),
        replace(PLAIN, snd_settle_mode=UByte(1), rcv_settle_mode=UByte(0)),
        source(*[None] * 6, None, None, [Symbol("amqp:accepted:list"), Symbol("amqp:rejected:list")]),
    ],
)
def test_a_link_that_wants_nothing_special_is_taken(attach):
    assert Terminus.of(attach) == Terminus("work", for_session=False)


@pytest.mark.parametrize(
    ("attach", "complaint"),
    [
        (source(*[None] * 6, {SELECTOR: "sys.Label = 'a'"}), "selector-filter"),
        (source(UInt(2)), "durable"),
        (source(None, Symbol("never")), "expiry-policy"),
        (source(None, None, UInt(60)), "timeout"),
        (source(None, None, None, True), "dynamic"),
        (source(*[None] * 5, Symbol("copy")), "distribution-mode"),
        (source(*[None] * 7, Described(ACCEPTED, [])), "default-outcome"),
        (source(*[None] * 8, [Symbol("amqp:declared:list")]), "outcome"),
        (source(*[None] * 9, [Symbol("topic")]), "capability"),
        (source(*[None] * 11), "too many fields"),
        (
            replace(PLAIN, properties={Symbol("com.microsoft:transfer-destination-address"): "q"}),
            "transfer-destination",
        ),
        (replace(PLAIN, properties={Symbol("com.microsoft:epoch"): 1}), "epoch"),
        (replace(PLAIN, snd_settle_mode=UByte(3)), "settle mode"),
        (replace(PLAIN, rcv_settle_mode=UByte(2)), "settle mode"),
        (replace(PLAIN, unsettled={b"tag": None}), "unsettled"),
        (replace(PLAIN, role=False, target=Described(COORDINATOR, [[Symbol("amqp:local-transactions")]])), "imitated"),
        (replace(PLAIN, role=False, target=Described(TARGET, [None])), "no address"),
        (replace(PLAIN, source=None), "no address"),
    ],
)
def test_a_link_that_wants_what_is_not_imitated_is_refused(attach, complaint):
    with pytest.raises(AmqpError, match=complaint):
        Terminus.of(attach)


@pytest.mark.parametrize("session", ["s1", NEXT_AVAILABLE_SESSION], ids=["a named session", "the next session"])
def test_a_session_of_an_entity_without_sessions_is_refused_in_the_words_of_azure(bus, session):
    receiver = bus.client.get_queue_receiver("work", session_id=session)

    with pytest.raises(ServiceBusError, match="Ensure RequiresSession is set to true when creating a Queue"), receiver:
        pass


def test_a_message_of_a_session_is_taken_by_an_entity_without_sessions_as_azure_does(bus):
    bus.send("work", ServiceBusMessage("one", session_id="s1"))

    assert receive_one(bus.receiver("work")).session_id == "s1"


# --------------------------------------------------------------------------------------------- settling


def rejected(condition="com.microsoft:dead-letter", description=None, info=None):
    return Described(REJECTED, [Described(ULong(0x1D), [Symbol(condition), description, info])])


@pytest.mark.parametrize(
    ("state", "complaint"),
    [
        (Described(TRANSACTIONAL, [b"txn", Described(ACCEPTED, [])]), "delivery state"),
        (Described(ULong(0x23), [UInt(0), ULong(0)]), "delivery state"),
        (Described(ACCEPTED, [1]), "delivery state"),
        (Described(MODIFIED, [True, False, "text"]), "not a map"),
        (Described(MODIFIED, [True, False, {"list": [1]}]), "simple value"),
        (Described(MODIFIED, [True, False, {7: "x"}]), "simple value"),
        (rejected("amqp:internal-error"), "amqp:internal-error"),
        (rejected(description="no id"), "description"),
        (rejected(info={"DeadLetterReason": 7}), "not text"),
    ],
)
def test_an_outcome_that_is_not_imitated_is_refused(state, complaint):
    with pytest.raises(AmqpError, match=complaint):
        settlement_of(state)


def test_the_refusal_of_an_outcome_reaches_the_client_and_the_lock_stays(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")
    message = receive_one(receiver)

    with pytest.raises(ServiceBusError, match="simple value"):
        settle(receiver, message, Modified(message_annotations={"list": [1]}))

    assert bus.stats("work")["locked"] == 1


def test_properties_to_modify_are_kept_when_the_python_client_is_made_to_send_them(bus):
    bus.send("work", ServiceBusMessage("one", application_properties={"tries": 1}))
    receiver = bus.receiver("work")
    message = receive_one(receiver)

    settle(receiver, message, Modified(delivery_failed=True, message_annotations={"tries": 2, "why": "busy"}))

    again = receive_one(receiver)
    assert again.application_properties == {b"tries": 2, b"why": b"busy"}


def settle(receiver, message, state):
    """Settles with any state; the client has no public way to give properties."""
    try:
        receiver._handler._link.send_disposition(
            first_delivery_id=message._delivery_id,
            delivery_tag=message._delivery_tag,
            settled=False,
            delivery_state=state,
            await_outcome=True,
            outcome_timeout=10,
        )
    except Exception as error:
        raise ServiceBusError(str(error)) from error


# --------------------------------------------------------------------------------------------- messages


def message(section, value):
    return encode(Described(ULong(section), value)) + encode(Described(ULong(0x75), b"body"))


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (message(0x79, []), "section"),
        (encode(Described(ULong(0x75), b"body")) + encode(Described(ULong(0x73), [])), "section"),
        (message(0x70, [None, None, "soon"]), "not a number"),
        (message(0x72, {Symbol("x-opt-scheduled-enqueue-time"): "tomorrow"}), "not a number"),
        (message(0x72, {Symbol("x-opt-via-partition-key"): "p"}), "another entity"),
        (message(0x73, [None] * 8 + [Timestamp(1)]), "absolute expiry time"),
        (message(0x73, [[1]]), "message id"),
    ],
)
def test_a_message_with_what_is_not_imitated_is_refused(raw, complaint):
    with pytest.raises(DecodeError, match=complaint):
        Content.parse(raw)


def test_a_transfer_of_an_unknown_format_is_refused():
    with pytest.raises(DecodeError, match="message format"):
        list(unbatch(b"", 0x80013800))
    with pytest.raises(DecodeError, match="section"):
        list(unbatch(encode(Described(ULong(0x77), "value")), BATCH_FORMAT))


# --------------------------------------------------------------------------------------------- requests


@pytest.mark.parametrize(
    ("operation", "body", "complaint"),
    [
        ("peek-message", {"from-sequence-number": 1, "message-count": 1, "session-id": "s"}, "session-id"),
        ("receive-by-sequence-number", {"sequence-numbers": [1], "receiver-settle-mode": UInt(0)}, "for good"),
        ("receive-by-sequence-number", {"sequence-numbers": ["one"]}, "sequence-numbers"),
        ("renew-lock", {"lock-tokens": ["no uuid"]}, "lock-tokens"),
        ("update-disposition", {"disposition-status": "unlocked", "lock-tokens": []}, "unlocked"),
        (
            "update-disposition",
            {"disposition-status": "completed", "lock-tokens": [], "deadletter-reason": "r"},
            "reason",
        ),
        ("update-disposition", {"disposition-status": "abandoned", "lock-tokens": [], "unknown": 1}, "unknown"),
        ("get-session-state", {"session-id": "s"}, "not imitated"),
        ("add-rule", {"rule-name": "r"}, "not imitated"),
        ("enumerate-rules", {"top": 1, "skip": 0}, "not imitated"),
    ],
)
def test_a_request_for_what_is_not_imitated_is_refused(bus, operation, body, complaint):
    with pytest.raises(ServiceBusError, match=complaint):
        request(bus, operation, body)


def test_a_request_settles_with_properties(bus):
    bus.send("work", "one")
    receiver = bus.receiver("work")
    token = receive_one(receiver).lock_token
    body = {"disposition-status": "abandoned", "lock-tokens": [token], "properties-to-modify": {"why": "busy"}}

    request(bus, "update-disposition", body)

    assert receive_one(receiver).application_properties == {b"why": b"busy"}


def test_a_request_about_an_unknown_lock_says_that_it_is_lost(bus):
    with pytest.raises(MessageLockLostError):
        request(bus, "renew-lock", {"lock-tokens": [uuid.uuid4()]})


def request(bus, operation, body):
    """Asks the management node of the queue, with the client's own handling of errors."""
    receiver = bus.receiver("work")
    return receiver._mgmt_request_response_with_retry(
        f"com.microsoft:{operation}".encode(), body, mgmt_handlers.default
    )

"""The messages of the Functions gRPC protocol, compiled from `FunctionRpc.proto` when first imported.

Nothing generated is kept: protoc (from grpcio-tools) writes a descriptor set into a temporary directory and protobuf
builds the classes from it, in about 10 ms. The engine wants a namespace with the public names of the messages;
`messages` is that namespace, for both ends of the stream.
"""

import tempfile
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,  # noqa: F401 - importing it puts Duration into the default pool
    message_factory,
    timestamp_pb2,  # noqa: F401 - the same for Timestamp
)
from grpc_tools import protoc  # type: ignore[import-untyped]

PROTO = Path(__file__).with_name("FunctionRpc.proto")

#: The one method of the protocol; the engine dials it, the host serves it.
SERVICE = "AzureFunctionsRpcMessages.FunctionRpc"
METHOD = "EventStream"

#: Batches of 1,000 messages of up to 256 kB do not fit gRPC's default of 4 MB; the real host lifts the limit as well.
CHANNEL_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class StreamingMessage(Protocol):
    """What travels on the stream, as far as both ends treat it alike. `content` is a oneof of the protocol."""

    request_id: str

    def WhichOneof(self, oneof: str) -> str | None:  # noqa: N802 - protobuf's name
        """The name of the field that is set in `oneof`."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """The bytes for the wire."""


def _compile() -> descriptor_pb2.FileDescriptorSet:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "protocol.binpb"
        well_known = resources.files("grpc_tools") / "_proto"
        arguments = ["protoc", f"-I{PROTO.parent}", f"-I{well_known}", f"--descriptor_set_out={target}", PROTO.name]
        if protoc.main(arguments) != 0:
            raise RuntimeError(f"protoc refused {PROTO}; its complaint stands on stderr")
        return descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())


def _load() -> SimpleNamespace:
    pool = descriptor_pool.Default()
    namespace = SimpleNamespace()
    for file in _compile().file:
        pool.Add(file)
        for message in file.message_type:
            descriptor = pool.FindMessageTypeByName(f"{file.package}.{message.name}")
            setattr(namespace, message.name, message_factory.GetMessageClass(descriptor))
    return namespace


#: The message classes by their public names: `messages.InvocationRequest(...)`. Made at run time, so untyped.
messages: Any = _load()


def decode(data: bytes) -> Any:
    """One StreamingMessage from the bytes of the wire."""
    return messages.StreamingMessage.FromString(data)


def encode(message: StreamingMessage) -> bytes:
    """The bytes of one StreamingMessage."""
    return message.SerializeToString()

"""A fingerprint of what was sent to Spotler, so that an unchanged record costs no call."""

import hashlib
import json
from collections import abc


def content_hash(properties: abc.Mapping[str, object]) -> str:
    """SHA-256 of the properties as 64 hexadecimal characters.

    The same for every order of keys, in every process and on every machine. The order within lists counts.

    Raises:
        TypeError, ValueError: when a value is no JSON; values must be as they go over the wire.
    """
    text = json.dumps(properties, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate cannot be UTF-8, but Dataverse can hold one and it must not stop the sync.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""Text that is encoded twice, as some environments post it."""

from typing import Final


def garble(text: bytes) -> bytes:
    """UTF-8 that was read as Windows-1252 and encoded again; the five undefined bytes keep their numbers."""
    return "".join(_WINDOWS_1252[byte] for byte in text).encode()


def _windows_1252(byte: int) -> str:
    try:
        return bytes((byte,)).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_WINDOWS_1252: Final = [_windows_1252(byte) for byte in range(256)]

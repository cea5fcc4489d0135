"""Texts that fit into a column."""


def cut(text: str, length: int) -> str:
    """As much of the text as a column of this length takes: Dataverse counts as .NET does, in UTF-16 units."""
    if text.isascii():
        return text[:length]
    return text.encode("utf-16-le", errors="surrogatepass")[: 2 * length].decode("utf-16-le", errors="ignore")


def fitted(text: str, length: int) -> str:
    """As much of a text as a column takes, without lone surrogates: these cannot be sent."""
    return cut(text if text.isascii() else text.encode(errors="replace").decode(), length)

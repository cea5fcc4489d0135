"""Guids: those of what is there in every environment, and their order in SQL Server.

In that order the last six bytes weigh most, and the first three groups count backwards.
"""

from functools import cache
from uuid import NAMESPACE_URL, uuid5


@cache
def guid_for(path: str) -> str:
    """The id of what is there in every environment, by a path that names it."""
    return str(uuid5(NAMESPACE_URL, path))


def guid_key(guid: str) -> str:
    """A text that sorts as the guid does; `guid_of` turns it back."""
    g = guid
    return g[24:36] + g[19:23] + g[16:18] + g[14:16] + g[11:13] + g[9:11] + g[6:8] + g[4:6] + g[2:4] + g[0:2]


def guid_of(key: str) -> str:
    """The guid of a key."""
    k = key
    return f"{k[30:32]}{k[28:30]}{k[26:28]}{k[24:26]}-{k[22:24]}{k[20:22]}-{k[18:20]}{k[16:18]}-{k[12:16]}-{k[0:12]}"

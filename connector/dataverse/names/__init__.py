"""Every Dataverse name that the connector uses, once.

An installation that calls its tables or columns otherwise changes this module and the manifest in `schema`, which is
written in these names, and nothing else.

A lookup column `x` is read as `_x_value` and written through a navigation property with one name per target table;
`lookup_value` and the `*_NAVIGATION` constants hold both spellings. The case of navigation properties of own columns
follows their schema name; docs/to-verify.md lists it for confirmation.
"""

from connector.dataverse.names.engagement import (
    Interaction,
    Visitor,
)
from connector.dataverse.names.lookups import lookup_value
from connector.dataverse.names.own import (
    ENABLED_VARIABLE,
    ENDPOINT_CHECK,
    OWN_TAG,
    PERMISSIONS_VARIABLE,
    SERVICE_ENDPOINT,
    Automation,
    Consent,
    Info,
    Job,
    Permission,
)
from connector.dataverse.names.standard import (
    MEMBER_TABLES,
    Account,
    Contact,
    EnvironmentVariable,
    EnvironmentVariableValue,
    Flags,
    Lead,
    ListMember,
    MarketingList,
    Post,
    SystemUser,
)

__all__ = [
    "ENABLED_VARIABLE",
    "ENDPOINT_CHECK",
    "MEMBER_TABLES",
    "OWN_TAG",
    "PERMISSIONS_VARIABLE",
    "SERVICE_ENDPOINT",
    "Account",
    "Automation",
    "Consent",
    "Contact",
    "EnvironmentVariable",
    "EnvironmentVariableValue",
    "Flags",
    "Info",
    "Interaction",
    "Job",
    "Lead",
    "ListMember",
    "MarketingList",
    "Permission",
    "Post",
    "SystemUser",
    "Visitor",
    "lookup_value",
]

"""Publishing by name: publishing everything would publish unfinished work of the customer too."""

from collections.abc import Sequence

from connector.setup.calls import SetupCalls
from connector.setup.patience import Patience


def publish(calls: SetupCalls, patience: Patience, tables: Sequence[str], choices: Sequence[str] = ()) -> None:
    """Publish these tables and global choices, by their logical names; none of them publishes nothing."""
    if not tables and not choices:
        return
    entities = "".join(f"<entity>{name}</entity>" for name in tables)
    optionsets = "".join(f"<optionset>{name}</optionset>" for name in choices)
    xml = f"<importexportxml><entities>{entities}</entities><optionsets>{optionsets}</optionsets></importexportxml>"
    patience.patiently(lambda: calls.act("PublishXml", {"ParameterXml": xml}))

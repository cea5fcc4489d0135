"""Which extras an environment has: what was asked for once is kept up to date without being asked for again."""

from urllib.parse import quote

from connector.setup.interface.buttons import SYNC_NAMES
from connector.setup.interface.record_forms import forms_with_tab
from connector.setup.plan import Extras
from connector.setup.target import SetupTarget


def installed_extras(target: SetupTarget, *, published: bool = False) -> Extras:
    """The extras that are there.

    Args:
        target: the environment.
        published: whether a form counts too from which our tab was taken without publishing that.
    """
    if not target.solution_id:
        return Extras()
    condition = quote(f"startswith(uniquename,'{SYNC_NAMES}')")
    buttons = target.calls.rows(f"appactions?$select=uniquename&$filter={condition}")
    return Extras(buttons=bool(buttons), forms=forms_with_tab(target, published=published))

"""The components of the interface."""

from connector.dataverse.schema.app import App
from connector.dataverse.schema.forms import DASHBOARDS, FORMS
from connector.dataverse.schema.resources import BUTTONS, RESOURCES
from connector.dataverse.schema.views import VIEWS
from connector.setup.component import Component
from connector.setup.interface.app import AppPart, SiteMapPart
from connector.setup.interface.app_contents import AppContentsPart, AppRolePart
from connector.setup.interface.buttons import ButtonPart
from connector.setup.interface.forms import DashboardPart, FormPart
from connector.setup.interface.record_forms import RecordFormPart
from connector.setup.interface.views import ViewPart
from connector.setup.interface.web_resources import ResourcePart
from connector.setup.plan import Extras


def interface_components(extras: Extras) -> list[Component]:
    """Web resources, views, forms, dashboards and buttons; those in the customer's apps only where they are wanted."""
    buttons = map(ButtonPart, BUTTONS)
    return [
        *map(ResourcePart, RESOURCES),
        *map(ViewPart, VIEWS),
        *map(FormPart, FORMS),
        *map(DashboardPart, DASHBOARDS),
        *(RecordFormPart(*each.split(":", 1)) for each in extras.forms),
        *(each for each in buttons if each.is_on_own_table or extras.buttons),
    ]


def app_components(app: App) -> list[Component]:
    """An app, its site map, what it shows, and which roles see it."""
    return [AppPart(app), SiteMapPart(app), AppContentsPart(app), *(AppRolePart(app, each) for each in app.roles)]

"""The imitated calls, one file per resource of the published description."""

from sandbox.spotler.resources import (
    audiences,
    automations,
    batches,
    campaign_mailings,
    campaigns,
    contact_feeds,
    contacts,
    conversions,
    forms,
    histories,
    interactions,
    mailings,
    orders,
    products,
    subscription,
    tags,
    templists,
)
from sandbox.spotler.routing import Route

ROUTES: tuple[Route, ...] = (
    *contacts.ROUTES,
    *batches.ROUTES,
    *contact_feeds.ROUTES,
    *histories.ROUTES,
    *subscription.ROUTES,
    *tags.ROUTES,
    *automations.ROUTES,
    *campaigns.ROUTES,
    *audiences.ROUTES,
    *templists.ROUTES,
    *mailings.ROUTES,
    *campaign_mailings.ROUTES,
    *interactions.ROUTES,
    *products.ROUTES,
    *orders.ROUTES,
    *conversions.ROUTES,
    *forms.ROUTES,
)

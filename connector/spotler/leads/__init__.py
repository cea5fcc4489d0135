"""Everything that speaks Spotler Leads (GatorLeads)."""

from connector.spotler.leads.client import SpotlerLeads, leads_from
from connector.spotler.leads.models import PageView, ViewBlock, VisitingCompany

__all__ = ["PageView", "SpotlerLeads", "ViewBlock", "VisitingCompany", "leads_from"]

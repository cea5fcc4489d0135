"""A plain client of the Mail+ API: signed by requests-oauthlib, nothing hidden."""

from dataclasses import dataclass, field

import requests
from requests_oauthlib import OAuth1

from sandbox.spotler.dialect import FROZEN, NEWEST
from sandbox.spotler.settings import DEFAULT_KEY, DEFAULT_SECRET

__all__ = ["FROZEN", "NEWEST", "Api", "error_of"]


@dataclass
class Api:
    url: str
    key: str = DEFAULT_KEY
    secret: str = DEFAULT_SECRET
    prefix: str = NEWEST.prefix
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self):
        self.session.auth = OAuth1(self.key, client_secret=self.secret)
        self.session.headers["Accept"] = "application/json"

    def call(self, method, path, body=None, **options):
        if body is not None:
            options["json"] = body
        return self.session.request(method, f"{self.url}{self.prefix}{path}", timeout=10, **options)

    def get(self, path, **query):
        return self.call("GET", path, params=query)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def put(self, path, body=None, **options):
        return self.call("PUT", path, body, **options)

    def delete(self, path, body=None, **options):
        return self.call("DELETE", path, body, **options)

    def save(self, external_id, *, update=True, purge=False, **properties):
        contact = {"externalId": external_id, "properties": properties}
        return self.post("/contact", {"update": update, "purge": purge, "contact": contact})

    def batch(self, *contacts, update=True, purge=False):
        return self.post("/contact/list", {"update": update, "purge": purge, "contacts": list(contacts)})

    def properties(self, external_id):
        return self.get(f"/contact/{external_id}").json()["properties"]


def error_of(response):
    """Status and error type, as tests compare them."""
    return response.status_code, response.json()["errorType"]

"""Azure's management (ARM) and its logs, with the sign-in of the person who asks; read only.

az login            or  azd auth login
python -m connector doctor --azure
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from connector.doctor.context import NoAzure
from connector.errors import Transient
from connector.words import Sentence

if TYPE_CHECKING:
    import requests

#: The addresses of the public cloud.
MANAGEMENT: Final = "https://management.azure.com"
LOGS: Final = "https://api.loganalytics.azure.com"
#: Seconds for one call.
SECONDS: Final = 30
#: Pages of one list: far more than a resource group has.
MOST_PAGES: Final = 100

_NOT_AZURE: Final = "What answered in Azure's place was not Azure."
_CODE: Final = re.compile(r"[A-Za-z]{1,80}")

#: The version of each kind of resource that is read; a newer one may look different.
VERSIONS: Final[Mapping[str, str]] = {
    "Microsoft.ServiceBus": "2024-01-01",
    "Microsoft.Web": "2025-03-01",
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.OperationalInsights": "2025-07-01",
}

#: The environment variables that name the resources; azd writes them from the outputs of the deployment.
NAMES: Final = {
    "subscription": "AZURE_SUBSCRIPTION_ID",
    "group": "AZURE_RESOURCE_GROUP",
    "app": "AZURE_FUNCTION_NAME",
    "namespace": "SERVICE_BUS_NAMESPACE",
}


class Tokens(Protocol):
    """Where tokens come from: a credential of azure-identity."""

    def get_token(self, *scopes: str) -> Any:
        """A token for the scopes."""


@dataclass(frozen=True, slots=True)
class AzureManagement:
    """The resources of one deployment.

    Attributes:
        subscription, group, app, namespace: where they are, and what they are called.
        tokens: the sign-in.
        management, logs: the addresses.
    """

    subscription: str
    group: str
    app: str
    namespace: str
    tokens: Tokens
    management: str = MANAGEMENT
    logs: str = LOGS

    @property
    def scope(self) -> str:
        """The path of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    @property
    def bus(self) -> str:
        """The path of the namespace of Service Bus."""
        return f"{self.scope}/providers/Microsoft.ServiceBus/namespaces/{self.namespace}"

    @property
    def site(self) -> str:
        """The path of the function app."""
        return f"{self.scope}/providers/Microsoft.Web/sites/{self.app}"

    def get(self, path: str) -> Mapping[str, Any] | None:
        """A resource; None where there is none.

        Raises:
            NoAzure: the sign-in is missing, or may not read it.
            Transient: Azure does not answer.
        """
        answer = self._send("GET", self.management + path, self.management, {"api-version": _version(path)})
        return None if answer.status_code == 404 else _object(answer)

    def items(self, path: str, condition: str = "") -> Sequence[Mapping[str, Any]]:
        """All resources of a list, over all its pages; raises as `get` does."""
        found: list[Mapping[str, Any]] = []
        address = self.management + path
        params = {"api-version": _version(path)} | ({"$filter": condition} if condition else {})
        for _ in range(MOST_PAGES):
            answer = self._send("GET", address, self.management, params)
            if answer.status_code == 404:
                return found
            page = _object(answer)
            found += _objects(page.get("value"))
            # A token is never sent to another host.
            following = str(page.get("nextLink") or "")
            if not following.startswith(f"{self.management}/"):
                return found
            address, params = following, {}
        raise Transient(Sentence("Azure gave more than {most} pages of one list.", most=MOST_PAGES))

    def query(self, workspace: str, text: str) -> Sequence[Sequence[Any]]:
        """The rows that a query finds in a workspace of Log Analytics; raises as `get` does."""
        address = f"{self.logs}/v1/workspaces/{workspace}/query"
        answer = self._send("POST", address, self.logs, {}, {"query": text})
        tables = _objects(_object(answer).get("tables"))
        rows = tables[0].get("rows") if tables else []
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise Transient(_NOT_AZURE)
        return rows

    def _send(
        self, method: str, address: str, audience: str, params: Mapping[str, str], body: object = None
    ) -> "requests.Response":
        import requests  # noqa: PLC0415 - heavy, loaded when used
        from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415

        try:
            token = self.tokens.get_token(f"{audience}/.default").token
        except ClientAuthenticationError:  # its text holds ids of the tenant
            raise NoAzure("Nobody is signed in to Azure: run az login or azd auth login.") from None
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = requests.request(method, address, params=params, json=body, headers=headers, timeout=SECONDS)
        except requests.RequestException as error:
            raise Transient(Sentence("Azure could not be reached ({kind}).", kind=type(error).__name__)) from None
        if answer.status_code in (401, 403):
            raise NoAzure("Your sign-in may not read this in Azure: the role Reader on the resource group is enough.")
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Transient(Sentence("Azure answered {status}.", status=answer.status_code))
        return answer


def azure_of(environment: Mapping[str, str]) -> AzureManagement:
    """The resources that the environment names, with the sign-in of az or azd on this machine.

    Raises:
        NoAzure: naming the variables that are missing.
    """
    missing = [name for name in NAMES.values() if not environment.get(name)]
    if missing:
        raise NoAzure(
            Sentence("Not named: {names}.", names=", ".join(missing)),
            advice="Set them, or take them from azd env get-values.",
        )
    from azure.identity import AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential  # noqa: PLC0415

    signed_in = ChainedTokenCredential(AzureCliCredential(), AzureDeveloperCliCredential())
    return AzureManagement(**{field: environment[name] for field, name in NAMES.items()}, tokens=signed_in)


def _version(path: str) -> str:
    """The version for a path: that of the last provider in it."""
    provider, _, rest = path.rpartition("/providers/")[2].partition("/")
    return VERSIONS.get(provider) or VERSIONS[f"{provider}/{rest.partition('/')[0]}"]


def _object(answer: "requests.Response") -> Mapping[str, Any]:
    """The body of a success.

    Raises:
        NoAzure: Azure refused the call.
        Transient: something else answered.
    """
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Transient(_NOT_AZURE)
    if not answer.ok:
        error = body.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        # Only what looks like a code: a text may quote anything.
        said = code if isinstance(code, str) and _CODE.fullmatch(code) else Sentence("no code")
        raise NoAzure(Sentence("Azure refused the call: {status}, {said}.", status=answer.status_code, said=said))
    return body


def _objects(value: object) -> Sequence[Mapping[str, Any]]:
    """A list of objects, which Azure leaves out where it is empty.

    Raises:
        Transient: something else answered.
    """
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Transient(_NOT_AZURE)
    return found

"""Azure's management and its logs, as far as the doctor reads them: strict about versions, tokens and paths."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from connector.doctor.arm import AzureManagement

SUBSCRIPTION, GROUP, APP, NAMESPACE = "00000000-0000-4000-8000-000000000099", "group", "app", "bus"
SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
BUS = f"{SCOPE}/providers/Microsoft.ServiceBus/namespaces/{NAMESPACE}"
SITE = f"{SCOPE}/providers/Microsoft.Web/sites/{APP}"
ROLES = f"{BUS}/providers/Microsoft.Authorization/roleAssignments"
WORKSPACES = f"{SCOPE}/providers/Microsoft.OperationalInsights/workspaces"
WORKSPACE = "00000000-0000-4000-8000-000000000077"
#: Versions that Azure knows, by the beginning of the last provider in the path.
VERSIONS = {
    "Microsoft.ServiceBus/": "2024-01-01",
    "Microsoft.Web/": "2025-03-01",
    "Microsoft.Authorization/": "2022-04-01",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.OperationalInsights/": "2025-07-01",
}


class Azure:
    """What there is: resources by path, and lists of them by path; pages of two."""

    def __init__(self):
        self.resources: dict[str, dict] = {}
        self.lists: dict[str, list[dict]] = {}
        self.newest, self.lines, self.known = "", 2, 1
        self.calls: list[list[object]] = [["Spotler", 100, 0]]
        self.status = 0
        self.url = ""
        self.asked: list[str] = []

    def answer(  # noqa: PLR0911 - one return per answer reads best
        self, method, path, params, headers, body
    ):
        self.asked.append(path)
        if headers.get("Authorization") != "Bearer good":
            return 401, {"error": {"code": "AuthenticationFailed"}}
        if self.status:
            return self.status, {"error": {"code": "Refused"}}
        if path == f"/v1/workspaces/{WORKSPACE}/query":
            assert method == "POST"
            (query,) = json.loads(body).values()
            rows = self.calls if "spotler.calls" in query else [[self.newest or None, self.lines, self.known]]
            return 200, {"tables": [{"name": "PrimaryResult", "rows": rows}]}
        known = next(v for start, v in VERSIONS.items() if path.rpartition("/providers/")[2].startswith(start))
        if method != "GET" or params.get("api-version") != [known]:
            return 400, {"error": {"code": "NoRegisteredProviderFound"}}
        if path in self.resources:
            return 200, self.resources[path]
        if path not in self.lists:
            return 404, {"error": {"code": "ResourceNotFound"}}
        start = int(params.get("skip", ["0"])[0])
        found = [each for each in self.lists[path] if _matches(each, params.get("$filter", [""])[0])]
        page = {"value": found[start : start + 2]}
        if start + 2 < len(found):
            query = f"api-version={known}&skip={start + 2}"
            page["nextLink"] = f"{self.url}{path}?{query}"
        return 200, page


def _matches(item, condition):
    """The one filter that the doctor uses."""
    return not condition or condition == f"principalId eq '{item['properties']['principalId']}'"


@contextmanager
def azure_standin():
    """The stand-in, served on a free port; yields it."""
    azure = Azure()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self):
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = azure.answer(self.command, parts.path, parse_qs(parts.query), self.headers, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve  # noqa: N815 - the library's names

        def log_message(self, *_):
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    azure.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield azure
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def signed_in(azure, token="good"):  # noqa: S107 - of the stand-in
    tokens = SimpleNamespace(get_token=lambda *_: SimpleNamespace(token=token))
    return AzureManagement(SUBSCRIPTION, GROUP, APP, NAMESPACE, tokens, management=azure.url, logs=azure.url)

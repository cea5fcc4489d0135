"""Who may ask: the browser that was given the address with the token, from a page of the console itself.

Other web pages in the same browser can send requests to a loopback address, and a name that they control can be made to
point to it. So a request needs all of these:

* the host that we listen on (else a name that was pointed here could read the answers),
* no origin of another page, neither in `Origin` nor in `Sec-Fetch-Site`,
* the token of this run, which the first address puts into a cookie that other sites do not send.
"""

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PARAMETER: Final = "token"
#: Nothing but what the console serves itself; no inline scripts, no frames around it.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

#: A redirect would count as coming from where the link was, and the cookie would stay behind.
_WELCOME: Final = (
    '<!doctype html><title>Console</title><link rel="icon" href="data:,"><meta http-equiv="refresh" content="0;url=/">'
)


class Guard:
    """Lets only such requests through.

    Args:
        app: what is guarded.
        token: the secret of this run.
        port: where we listen.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        # Cookies are shared by all ports of a host: two consoles need two names.
        self._cookie = f"console-{port}"
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("This is not the address of the console.", 421)
        offered = parse_qs(scope["query_string"].decode("latin-1")).get(PARAMETER, [""])[0]
        if scope["method"] == "GET" and self._is_token(offered):
            answer = HTMLResponse(_WELCOME)
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
            return answer
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin not in (None, f"http://{host}") or site not in ("none", "same-origin"):
            return self._stranger(scope)
        if self._is_token(_cookie(headers, self._cookie)):
            return None
        return self._stranger(scope)

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._token.encode())

    @staticmethod
    def _stranger(_: Scope) -> Response:
        return PlainTextResponse("Open the console with the address that `python3 dev.py run` has printed.", 403)


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""

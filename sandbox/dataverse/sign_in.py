"""The paths of Microsoft Entra ID that msal and azure-identity ask for."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.dataverse.environment import Environment
from sandbox.dataverse.tokens import SignInError


def sign_in(environment: Environment) -> Starlette:
    """The application that hands out tokens."""

    async def configuration(request: Request) -> JSONResponse:
        return JSONResponse(environment.tokens.configuration(str(request.base_url).rstrip("/")))

    async def token(request: Request) -> JSONResponse:
        try:
            tenant_id = request.path_params["tenant"]
            content = environment.tokens.issue(tenant_id, await request.body(), environment.addresses)
        except SignInError as error:
            return JSONResponse(error.content, error.status)
        return JSONResponse(content)

    return Starlette(
        routes=[
            Route("/{tenant}/v2.0/.well-known/openid-configuration", configuration),
            Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
        ]
    )

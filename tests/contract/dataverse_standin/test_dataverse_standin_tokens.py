import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from tests.contract.dataverse_standin.support import DEADLINE_SECONDS, Api


@pytest.fixture
def ready(standin, monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, standin.ready.ca_file)
    return standin.ready


def credential(ready, secret):
    return ClientSecretCredential(
        ready.tenant_id, ready.client_id, secret, authority=ready.url, disable_instance_discovery=True
    )


def test_a_token_of_azure_identity_opens_the_web_api(ready):
    with credential(ready, ready.client_secret) as source:
        token = source.get_token(f"{ready.url}/.default").token

    answer = Api(ready, token).get("WhoAmI").json()

    assert answer["UserId"] == ready.user_id


def test_azure_identity_reports_a_wrong_secret(ready):
    with (
        credential(ready, "wrong") as source,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        source.get_token(f"{ready.url}/.default")


def test_a_token_of_msal_opens_the_web_api(ready):
    application = msal.ConfidentialClientApplication(
        ready.client_id,
        client_credential=ready.client_secret,
        authority=f"{ready.url}/{ready.tenant_id}",
        instance_discovery=False,
    )
    result = application.acquire_token_for_client([f"{ready.url}/.default"])

    assert Api(ready, result["access_token"]).get("WhoAmI()").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "0ad0ad0a-0000-0000-0000-000000000000"}, 401, "invalid_client"),
        ({"scope": "https://elsewhere.example/.default"}, 400, "invalid_resource"),
        ({"scope": "openid"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_the_token_endpoint_refuses(ready, changes, status, error):
    form = {
        "grant_type": "client_credentials",
        "client_id": ready.client_id,
        "client_secret": ready.client_secret,
        "scope": f"{ready.url}/.default",
    }
    url = f"{ready.url}/{ready.tenant_id}/oauth2/v2.0/token"
    response = requests.post(url, data={**form, **changes}, timeout=DEADLINE_SECONDS)

    assert (response.status_code, response.json()["error"]) == (status, error)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_without_a_good_token_the_web_api_answers_401(ready, token):
    response = Api(ready, token).get("contacts")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_expires(standin):
    assert standin.connector.get("WhoAmI").status_code == 200
    standin.side("clock", {"move_seconds": 3600})

    assert standin.connector.get("WhoAmI").status_code == 401


def test_plain_http_is_served_besides(standin):
    header = {"Authorization": standin.admin.session.headers["Authorization"]}
    response = requests.get(f"{standin.ready.http_url}/api/data/v9.2/WhoAmI", headers=header, timeout=DEADLINE_SECONDS)

    assert response.json()["UserId"] == standin.ready.admin_user_id

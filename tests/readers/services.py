"""A service on loopback with whose accounts readers log in: it has the addresses of Google, Kakao and Naver."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from readers import social, social_services


class Service:
    """`token` and `profile` are what it answers; `asked` what it was asked, as (path, fields)."""

    def __init__(self):
        self.token, self.profile, self.asked = {"access_token": "t0ken"}, {}, []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                service.asked.append((self.path, parse_qs(self.rfile.read(length).decode())))
                self.answer(service.token)

            def do_GET(self):
                service.asked.append((urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)))
                if self.path.startswith("/authorize"):  # somebody agrees at once
                    query = parse_qs(urlsplit(self.path).query)
                    self.send_response(302)
                    self.send_header("Location", f"{query['redirect_uri'][0]}?code=c0de&state={query['state'][0]}")
                    self.end_headers()
                else:
                    self.answer(service.profile)

            def answer(self, data):
                body = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service(settings, monkeypatch):
    """The service, configured under all three names."""
    running = Service()
    settings.SOCIAL_LOGINS = dict.fromkeys(social.SERVICES, ("client-id", "s3cret"))
    for provider in (social_services.Google, social_services.Kakao, social_services.Naver):
        adapter = provider.oauth2_adapter_class
        monkeypatch.setattr(adapter, "authorize_url", f"{running.url}/authorize")
        monkeypatch.setattr(adapter, "access_token_url", f"{running.url}/token")
        monkeypatch.setattr(adapter, "profile_url", f"{running.url}/me", raising=False)
        monkeypatch.setattr(adapter, "identity_url", f"{running.url}/me", raising=False)
        monkeypatch.setitem(social.SERVICES, provider.id, (provider.name, running.url))
    yield running
    running.stop()


def profile_of(name, email="yuna@example.org", verified=True, number="42"):
    """What a service of that name says of somebody."""
    if name == "google":
        return {"id": number, "email": email, "verified_email": verified, "given_name": "Yuna", "picture": "https://x/"}
    if name == "kakao":
        account = {"profile": {"nickname": "Yuna"}}
        if email:
            account |= {"email": email, "is_email_valid": True, "is_email_verified": verified}
        return {"id": int(number), "kakao_account": account}
    return {"response": {"id": number, "email": email, "name": "Yuna"}}

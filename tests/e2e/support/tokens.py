"""A token service for docker-registry's Bearer login: Basic login in, signed JSON Web Tokens out."""

import base64
import http.server
import json
import subprocess
import time
import urllib.parse

from .local_http import LocalServer


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenService:
    """certificate: (certificate, key) of an RSA key; users as for servers.Registry; anonymous: what everybody may do.

    `registry_settings` goes to servers.Registry(token=…); `asked` lists (user, scopes) of each request.
    """

    ISSUER, SERVICE = "test-issuer", "test-registry"

    def __init__(self, certificate, users, anonymous=()):
        self.certificate, self.key = certificate
        self.users, self.anonymous, self.asked = users, tuple(anonymous), []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                service._answer(self)

            def log_message(self, format, *arguments):
                pass
        self._server = LocalServer(Handler)
        self.realm = "http://127.0.0.1:%d/token" % self._server.server_port

    @property
    def registry_settings(self):
        return {"realm": self.realm, "service": self.SERVICE, "issuer": self.ISSUER,
                "rootcertbundle": self.certificate}

    def stop(self):
        self._server.stop()

    def _user(self, header):
        if not header or not header.startswith("Basic "):
            return None
        name, _, password = base64.b64decode(header[6:]).decode().partition(":")
        return name if self.users.get(name) == password else False

    def _answer(self, request):
        user = self._user(request.headers.get("Authorization"))
        query = urllib.parse.parse_qs(urllib.parse.urlparse(request.path).query)
        scopes = [scope for value in query.get("scope", []) for scope in value.split()]
        self.asked.append((user, scopes))
        if user is False:
            request.send_response(401)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        body = json.dumps({"token": self._token(user, scopes), "expires_in": 60}).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _token(self, user, scopes):
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            allowed = [a for a in actions.split(",") if user or a in self.anonymous]
            access.append({"type": kind, "name": name, "actions": allowed})
        with open(self.certificate, encoding="ascii") as file:
            lines = file.read().split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]
        header = {"typ": "JWT", "alg": "RS256", "x5c": ["".join(lines.split())]}
        now = int(time.time())
        claims = {"iss": self.ISSUER, "sub": user or "", "aud": self.SERVICE, "exp": now + 60, "nbf": now - 5,
                  "iat": now, "jti": str(now), "access": access}
        signed = _encode(json.dumps(header).encode()) + "." + _encode(json.dumps(claims).encode())
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(),
                                   stdout=subprocess.PIPE, check=True).stdout
        return signed + "." + _encode(signature)

"""A registry that misbehaves, one way at a time."""

import http.server
import json
import urllib.parse

from .local_http import LocalServer


class HostileRegistry:
    """answer(request, method, path) writes what it wants, or returns False to behave as an empty registry.

    `requests` lists "METHOD path" in order.
    """

    def __init__(self, answer):
        self.requests = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                path = urllib.parse.urlparse(self.path).path
                server.requests.append("%s %s" % (self.command, path))
                try:
                    if answer(self, self.command, path) is False:
                        server.behave(self, path)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

            def drain(self):
                """Takes the request's body."""
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        self.rfile.read(size + 2)
                    self.rfile.readline()
                else:
                    self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def reply(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def fail(self, status, code):
                self.reply(status, json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode(),
                           Content_Type="application/json")

            def hang_up(self):
                self.close_connection = True
                self.connection.close()

            def log_message(self, format, *arguments):
                pass

        self._server = LocalServer(Handler)
        self.address = "127.0.0.1:%d" % self._server.server_port

    @staticmethod
    def behave(request, path):
        """Takes every upload and forgets it; has nothing to read."""
        if path in ("/v2/", "/v2"):
            request.reply(200, b"{}")
        elif request.command in ("GET", "HEAD"):
            request.fail(404, "MANIFEST_UNKNOWN" if "/manifests/" in path else "BLOB_UNKNOWN")
        else:
            request.drain()
            status = {"POST": 202, "PATCH": 202}.get(request.command, 201)
            request.reply(status, Location=path.rstrip("/") + ("/1" if request.command == "POST" else ""),
                          Range="0-0")

    def stop(self):
        self._server.stop()

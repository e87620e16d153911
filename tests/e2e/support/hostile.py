"""A registry that misbehaves, one way at a time."""

import urllib.parse

from .answers import Answers
from .local_http import LocalServer


class HostileRegistry:
    """answer(request, method, path) writes what it wants, or returns False to behave as an empty registry.

    `requests` lists "METHOD path" in order.
    """

    def __init__(self, answer):
        self.requests = []
        server = self

        class Handler(Answers):
            def handle_any(self):
                path = urllib.parse.urlparse(self.path).path
                server.requests.append("%s %s" % (self.command, path))
                try:
                    if answer(self, self.command, path) is False:
                        server.behave(self, path)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

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

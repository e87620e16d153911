"""As much of a docker daemon as images need: it says who it is, gives one archive, and takes none."""

import http.server
import json

from .local_http import LocalServer


class FakeDaemon:
    """archive: the file that `docker save` would give; image_id: of the image in it. `requests` lists "METHOD path"."""

    def __init__(self, archive=None, image_id=None):
        self.requests = requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self, status, body):
                self.send_response(status)
                self.send_header("Api-Version", "1.41")
                self.send_header("Ostype", "linux")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                requests.append("GET " + self.path)
                path = self.path.split("?")[0]
                if path.endswith("/images/get") and archive:
                    with open(archive, "rb") as file:
                        self.reply(200, file.read())
                elif path.endswith("/json") and image_id:
                    self.reply(200, json.dumps({"Id": image_id, "Size": 1}).encode())
                elif path.endswith(("/_ping", "/version", "/info")):
                    self.reply(200, json.dumps({"Arch": "amd64", "Os": "linux"}).encode())
                else:
                    self.reply(404, b'{"message":"no such image"}')

            def do_POST(self):
                requests.append("POST " + self.path)
                self.reply(500, b'{"message":"no"}')

            def log_message(self, format, *arguments):
                pass
        self._server = LocalServer(Handler)
        self.host = "tcp://127.0.0.1:%d" % self._server.server_port
        self.stop = self._server.stop

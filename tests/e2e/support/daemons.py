"""Docker daemons that misbehave: as much of the API as images need, and one thing that goes wrong."""

import http.server
import json

from .local_http import LocalServer


class FakeDaemon:
    """saves: the bytes of `docker save`, of which `send` are sent before the connection breaks (None: all).
    takes: how many bytes of a load are read before the daemon hangs up (None: all of them); answer: to a load."""

    def __init__(self, saves=b"", send=None, takes=None, answer=b"", api="1.41"):
        self.loads = []  # complete bodies
        daemon = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = self.path.partition("?")[0]
                if path == "/_ping":
                    self.reply(b"OK", Api_Version=api, Ostype="linux")
                elif path.endswith("/version"):
                    self.reply(json.dumps({"Os": "linux", "Arch": "amd64"}).encode())
                elif path.endswith("/json"):
                    self.reply(json.dumps({"Id": "sha256:" + "a" * 64, "Size": len(saves)}).encode())
                elif path.endswith("/images/get"):
                    self.save()
                else:
                    self.reply(b'{"message":"page not found"}', 404)

            def save(self):
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                part = saves if send is None else saves[:send]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if part else b"")
                if send is None:
                    self.wfile.write(b"0\r\n\r\n")
                else:
                    self.hang_up()

            def do_POST(self):
                body = self.body(takes)
                if body is None:
                    return self.hang_up()
                daemon.loads.append(body)
                self.reply(answer)

            def body(self, limit):
                """None where the limit was reached or the client went away."""
                data = b""
                while True:
                    size = self.rfile.readline()
                    if not size:
                        return None
                    if int(size, 16) == 0:
                        self.rfile.readline()
                        return data
                    data += self.rfile.read(int(size, 16) + 2)[:-2]
                    if limit is not None and len(data) >= limit:
                        return None

            def reply(self, body, status=200, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def hang_up(self):
                self.close_connection = True
                self.wfile.flush()
                self.connection.close()

            def log_message(self, format, *arguments):
                pass

        self._server = LocalServer(Handler)
        self.host = "tcp://127.0.0.1:%d" % self._server.server_port

    def stop(self):
        self._server.stop()

"""How the HTTP servers answer that tests write themselves, well or badly."""

import http.server
import json
import socket


class Answers(http.server.BaseHTTPRequestHandler):
    """One request after another of one connection. What is set here counts for the present request only."""

    protocol_version = "HTTP/1.1"
    lost = False  # the answer is not sent, and the connection closed
    cut = None  # so many bytes of a body are taken, or given, before the connection is closed
    stall = 0  # seconds of silence before it is cut

    def handle_one_request(self):
        self.lost, self.cut, self.stall = False, None, 0
        super().handle_one_request()

    def drain(self):
        """Takes the request's body."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status, body=b"", **headers):
        if self.lost:
            return self.hang_up()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return None

    def fail(self, status, code, **headers):
        """An error as registries say it; what the client still sends is not read."""
        self.close_connection = True
        headers.setdefault("Content_Type", "application/json")
        return self.reply(status, json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode(), Connection="close",
                          **headers)

    def hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def log_message(self, format, *arguments):
        pass

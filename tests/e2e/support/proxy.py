"""An HTTP proxy that leads every name to one server, and says what it was asked for."""

import contextlib
import http.client
import socket
import threading

from .answers import Answers
from .local_http import LocalServer


class Proxy:
    """`asked` lists "METHOD target" in order, as the client wrote them. port: of the server behind. login: demanded, if not None."""

    def __init__(self, port, login=None):
        self.asked, proxy = [], self

        class Handler(Answers):
            def handle_any(self):
                proxy.asked.append("%s %s" % (self.command, self.path))
                if login is not None and self.headers.get("Proxy-Authorization") != login:
                    return self.fail(407, "UNAUTHORIZED")
                if self.command == "CONNECT":
                    return proxy._tunnel(self, port)
                return proxy._pass_on(self, port)

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_CONNECT = handle_any

        self._server = LocalServer(Handler)
        self.address = "127.0.0.1:%d" % self._server.server_port

    def stop(self):
        self._server.stop()

    @staticmethod
    def _pass_on(request, port):
        assert request.path.startswith("http://"), request.path
        target = "/" + request.path.split("/", 3)[3]
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in request.headers.items() if not name.lower().startswith("proxy-")}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as server:
            server.request(request.command, target, body, headers)
            answer = server.getresponse()
            data = answer.read()
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                request.send_header(name, value)
        request.send_header("Content-Length", answer.headers.get("Content-Length") or str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    @staticmethod
    def _tunnel(request, port):
        request.close_connection = True
        with socket.create_connection(("127.0.0.1", port)) as server:
            request.send_response(200)
            request.end_headers()

            def move(source, target):
                try:
                    while data := source.recv(1 << 16):
                        target.sendall(data)
                    target.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
            other = threading.Thread(target=move, args=(server, request.connection), daemon=True)
            other.start()
            move(request.connection, server)
            other.join()

"""The HTTP server under the servers that tests write themselves."""

import http.server
import threading


class LocalServer(http.server.ThreadingHTTPServer):
    """On a free port of loopback, from the start; clients that hang up are no news."""

    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()  # how soon it sees its end

    def handle_error(self, request, client_address):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()

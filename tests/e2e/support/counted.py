"""A relay in front of a server that counts the connections through it, and cuts them if it is told to."""

import selectors
import socket
import threading


def is_over(connection):
    """Whether the client has closed it, though the thread that serves it may not know yet."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


class Count:
    """Connections that are open, and the most that there were at a time."""

    def __init__(self):
        self.open, self.most, self.lock = set(), 0, threading.Lock()

    def begin(self, connection):
        with self.lock:
            self.open = {other for other in self.open if not is_over(other)} | {connection}
            self.most = max(self.most, len(self.open))

    def end(self, connection):
        with self.lock:
            self.open.discard(connection)


class CountingRelay(Count):
    """`within` counts the connections of several relays. cut_after: each connection ends when the server has sent so many bytes."""

    def __init__(self, port, within=None, cut_after=None):
        super().__init__()
        self.port, self.within, self.cut_after, self.cuts = port, within, cut_after, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            counts = [count for count in (self, self.within) if count]
            for count in counts:
                count.begin(client)
            threading.Thread(target=self._serve, args=(client, counts), daemon=True).start()

    def _serve(self, client, counts):
        try:
            with client, socket.create_connection(("127.0.0.1", self.port)) as server:
                self._relay(client, server)
        except OSError:
            pass
        finally:
            for count in counts:
                count.end(client)

    def _relay(self, client, server):
        sent, other = 0, {client: server, server: client}
        with selectors.DefaultSelector() as selector:
            for end in other:
                selector.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(1 << 16)
                    if not data:
                        return
                    other[key.fileobj].sendall(data)
                    sent += len(data) if key.fileobj is server else 0
                    if self.cut_after and sent >= self.cut_after:
                        self.cuts += 1
                        return

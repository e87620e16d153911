"""An HTTPS server that behaves as the Kubernetes API does for the images of a sealos hub."""

import base64
import http.server
import json
import os
import ssl
import threading

COLLECTION = "/apis/imagehub.sealos.io/v1/images"


class Cluster:
    """tls: (certificate, key). token: what clients have to show; client_ca: or a certificate of this authority.

    requests: [(method, path, authorization, body or None)]. refuse: (code, message) for every request. conflicts: how often
    somebody else changes an object between the reading and the writing of it.
    """

    def __init__(self, tls, token=None, client_ca=None):
        self.token, self.objects, self.requests = token, {}, []
        self.refuse, self.conflicts, self.version = None, 0, 0
        cluster = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def handle_any(self):
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                cluster.requests.append((self.command, self.path, self.headers.get("Authorization"), body))
                code, answer = cluster.answer(self.command, self.path, self.headers.get("Authorization"), body)
                data = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = "https://127.0.0.1:%d" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def status(code, reason, message):
        return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code,
                      "message": message}

    def _store(self, name, received):
        self.version += 1
        stored = dict(received, metadata=dict(received["metadata"], uid="u1", resourceVersion=str(self.version),
                                              managedFields=[{"manager": "sealos"}]))
        self.objects[name] = json.loads(json.dumps(stored, sort_keys=True))
        return self.objects[name]

    def answer(self, method, path, authorization, body):
        if self.refuse:
            return self.status(self.refuse[0], "Refused", self.refuse[1])
        if self.token and authorization != "Bearer " + self.token:
            return self.status(401, "Unauthorized", "Unauthorized")
        name = path.removeprefix(COLLECTION).strip("/") or (body or {}).get("metadata", {}).get("name")
        if method == "POST" and path == COLLECTION:
            if name in self.objects:
                return self.status(409, "AlreadyExists", 'images.imagehub.sealos.io "%s" already exists' % name)
            return 201, self._store(name, body)
        if path != COLLECTION + "/" + name or name not in self.objects:
            return self.status(404, "NotFound", "the server could not find the requested resource")
        if method == "GET":
            found = self.objects[name]
            if self.conflicts:
                self.conflicts -= 1
                self._store(name, found)
            return 200, found
        if body["metadata"].get("resourceVersion") != self.objects[name]["metadata"]["resourceVersion"]:
            return self.status(409, "Conflict", "the object has been modified")
        return 200, self._store(name, body)

    def asked(self):
        """["POST /apis/…", …]"""
        return ["%s %s" % request[:2] for request in self.requests]


def kubeconfig(path, server, cluster=None, **user):
    """Writes a kubeconfig; cluster and user: their members."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({  # JSON is YAML
            "apiVersion": "v1", "kind": "Config", "current-context": "hub",
            "contexts": [{"name": "hub", "context": {"cluster": "hub", "user": "pusher"}}],
            "clusters": [{"name": "hub", "cluster": dict(cluster or {}, server=server)}],
            "users": [{"name": "pusher", "user": user}]}, file)


def data(path):
    """A file as kubeconfig's …-data members have it."""
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()

"""A registry that keeps to the OCI distribution specification 1.1: what came of an upload stays when the connection is cut,
and can be gone on with. docker-registry 2.8 has none of that."""

import hashlib
import json
import os
import re
import threading
import time
import urllib.parse
import uuid

from .answers import Answers
from .local_http import LocalServer

PIECE = 1 << 20


class _Upload:
    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        open(path, "wb").close()

    def size(self):
        return os.path.getsize(self.path)


class SpecRegistry:
    """`received` counts the bytes of blobs that came in, `given` those that went out; `requests` lists "METHOD path" in order.

    answer(request, method, path): may deal with a request itself, or say how it goes wrong (answers.Answers) and return False.
    """

    def __init__(self, folder, answer=None):
        os.makedirs(folder)
        self.folder, self.received, self.given, self.requests = folder, 0, 0, []
        self._uploads, self._manifests, self._lock = {}, {}, threading.Lock()
        registry = self

        class Handler(Answers):
            def handle_any(self):
                address = urllib.parse.urlparse(self.path)
                registry.requests.append("%s %s" % (self.command, address.path))
                try:
                    if answer and answer(self, self.command, address.path) is not False:
                        return
                    registry._answer(self, address.path, dict(urllib.parse.parse_qsl(address.query)))
                except ConnectionError:
                    self.close_connection = True

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

        self._server = LocalServer(Handler)
        self.address = "127.0.0.1:%d" % self._server.server_port

    def stop(self):
        self._server.stop()

    def reference(self, name):
        return "docker://%s/%s" % (self.address, name)

    def manifest(self, repository, name):
        return self._manifests[repository, name][1]

    def blob_path(self, digest):
        return os.path.join(self.folder, digest.replace(":", "-"))

    def _answer(self, request, path, query):
        parts = path.strip("/").split("/")
        if path == "/v2/":
            return request.reply(200, b"{}")
        if "uploads" in parts:
            at = parts.index("uploads")
            return self._upload(request, "/".join(parts[1:at - 1]), "/".join(parts[at + 1:]), query)
        kind, name, repository = parts[-2], parts[-1], "/".join(parts[1:-2])
        if kind == "manifests":
            return self._manifest(request, repository, name)
        if kind == "blobs" and os.path.exists(self.blob_path(name)):
            size = os.path.getsize(self.blob_path(name))
            if request.command == "HEAD":
                return request.reply(200, Content_Length=str(size), Docker_Content_Digest=name)
            return self._give(request, name, size)
        return request.reply(404, b'{"errors":[{"code":"BLOB_UNKNOWN"}]}')

    def _give(self, request, digest, size):
        """The blob, or its end as a Range says."""
        first, last = 0, size - 1
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range") or "")
        if asked:
            first, last = int(asked[1]), min(last, int(asked[2] or last))
        with open(self.blob_path(digest), "rb") as file:
            file.seek(first)
            data = file.read(last + 1 - first)
        if asked:
            request.send_response(206)
            request.send_header("Content-Range", "bytes %d-%d/%d" % (first, last, size))
        else:
            request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        part = data if request.cut is None else data[:request.cut]
        request.wfile.write(part)
        with self._lock:
            self.given += len(part)
        if request.cut is not None:
            time.sleep(request.stall)
            request.hang_up()

    def _manifest(self, request, repository, name):
        if request.command == "PUT":
            data = request.rfile.read(int(request.headers["Content-Length"]))
            digest = "sha256:" + hashlib.sha256(data).hexdigest()
            for key in (name, digest):
                self._manifests[repository, key] = (request.headers["Content-Type"], data)
            return request.reply(201, Location=request.path, Docker_Content_Digest=digest)
        if (repository, name) not in self._manifests:
            return request.reply(404, json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN"}]}).encode())
        kind, data = self._manifests[repository, name]
        return request.reply(200, data, Content_Type=kind,
                             Docker_Content_Digest="sha256:" + hashlib.sha256(data).hexdigest())

    def _upload(self, request, repository, name, query):
        if request.command == "POST":
            name = str(uuid.uuid4())
            with self._lock:
                self._uploads[name] = _Upload(os.path.join(self.folder, "upload-" + name))
            return self._say(request, 202, repository, name, 0)
        upload = self._uploads.get(name)
        if upload is None:
            return request.reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
        with upload.lock:  # who asks where it stands waits until a cut request has been read to its end
            if name not in self._uploads:
                return request.reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
            if request.command == "GET":
                return self._say(request, 204, repository, name, upload.size())
            if request.command == "DELETE":
                del self._uploads[name]
                return request.reply(204)
            whole = self._take(request, upload)
            if not whole:
                request.close_connection = True
                return None
            if request.command == "PATCH":
                return self._say(request, 202, repository, name, upload.size())
            return self._finish(request, upload, name, query["digest"])

    def _say(self, request, status, repository, name, size):
        return request.reply(status, Location="/v2/%s/blobs/uploads/%s" % (repository, name), Range="0-%d" % max(0, size - 1))

    def _take(self, request, upload):
        """Appends the body, as far as it comes. False: it was cut."""
        left = request.cut
        with open(upload.path, "ab", buffering=0) as file:
            for size in self._pieces(request):
                while size > 0:
                    if left == 0:
                        time.sleep(request.stall)
                        request.hang_up()
                        return False
                    data = request.rfile.read1(min(size, PIECE, left or PIECE))
                    if not data:
                        return False
                    left = left and left - len(data)
                    file.write(data)
                    size -= len(data)
                    with self._lock:
                        self.received += len(data)
        return True

    @staticmethod
    def _pieces(request):
        if request.headers.get("Transfer-Encoding") != "chunked":
            yield int(request.headers.get("Content-Length") or 0)
            return
        while size := int(request.rfile.readline().split(b";")[0] or b"0", 16):
            yield size
            request.rfile.readline()
        request.rfile.readline()

    def _finish(self, request, upload, name, digest):
        with open(upload.path, "rb") as file:
            good = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest() == digest
        del self._uploads[name]
        if not good:
            return request.reply(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
        os.rename(upload.path, self.blob_path(digest))
        return request.reply(201, Location="/", Docker_Content_Digest=digest)

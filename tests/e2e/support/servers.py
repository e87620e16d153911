"""Real servers on loopback: docker-registry, nginx in front of it, dockerd. Each ends with its `stop`."""

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

from . import environment
from .process import check, wait_until


MANIFEST_TYPES = ", ".join("application/vnd." + kind for kind in (
    "oci.image.manifest.v1+json", "oci.image.index.v1+json", "docker.distribution.manifest.v2+json",
    "docker.distribution.manifest.list.v2+json")) + ", */*"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class _Server:
    """A program in the foreground, with its output in a file."""

    def _start(self, arguments, log, env=None):
        self.log_path = log
        with open(log, "ab") as file:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=env,
                                            start_new_session=True)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def port_is_open(port):
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


class Registry(_Server):
    """docker-registry; plain, or with TLS (certificate, key), and a Basic or a Bearer login.

    users: {"name": "password"}, checked by htpasswd. token: what tokens.TokenService says of itself. mirror_of: another
    Registry, from which it fetches what it does not have (a pull-through cache). schema1: manifests of schema 1 are
    taken too.
    """

    def __init__(self, folder, tls=None, users=None, token=None, delete=False, mirror_of=None, schema1=False):
        os.makedirs(folder, exist_ok=True)
        self.port, self.users, self.tls = free_port(), users or {}, tls
        self.address = "127.0.0.1:%d" % self.port
        self.storage = os.path.join(folder, "storage")
        http = {"addr": self.address}
        if tls:
            http["tls"] = {"certificate": tls[0], "key": tls[1]}
        settings = {
            "version": "0.1", "log": {"level": "info", "accesslog": {"disabled": False}},
            "storage": {"filesystem": {"rootdirectory": self.storage}, "delete": {"enabled": delete}}, "http": http,
        }
        if schema1:
            settings["compatibility"] = {"schema1": {"enabled": True}}
        if users:
            path = os.path.join(folder, "htpasswd")
            for i, (name, password) in enumerate(users.items()):
                check("htpasswd", "-bB" + ("c" if i == 0 else ""), path, name, password)
            settings["auth"] = {"htpasswd": {"realm": "test", "path": path}}
        if token:
            settings["auth"] = {"token": token}
        if mirror_of:
            settings["proxy"] = {"remoteurl": "http://" + mirror_of.address}
        configuration = os.path.join(folder, "config.yml")
        with open(configuration, "w", encoding="utf-8") as file:
            json.dump(settings, file)  # JSON is YAML
        self._start([environment.find("docker-registry"), "serve", configuration], os.path.join(folder, "log"))
        try:
            wait_until(lambda: port_is_open(self.port), "docker-registry listening", alive=self.process)
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.log())) from None

    def reference(self, name):
        return "docker://%s/%s" % (self.address, name)

    @property
    def skopeo_flags(self):
        flags = ["--tls-verify=false"]
        for name, password in self.users.items():
            return flags + ["--creds", name + ":" + password]
        return flags

    def get(self, path, method="GET"):
        """The body; urllib.error.HTTPError for a status that is none of success."""
        request = urllib.request.Request("%s://%s%s" % ("https" if self.tls else "http", self.address, path),
                                         method=method, headers={"Accept": MANIFEST_TYPES})
        for name, password in self.users.items():
            pair = base64.b64encode(("%s:%s" % (name, password)).encode()).decode()
            request.add_header("Authorization", "Basic " + pair)
            break
        trusting = ssl._create_unverified_context() if self.tls else None  # we test sealos, not this
        with urllib.request.urlopen(request, context=trusting) as response:
            return response.read()

    def has(self, path):
        try:
            self.get(path, "HEAD")
            return True
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return False

    def tags(self, repository):
        try:
            return json.loads(self.get("/v2/%s/tags/list" % repository))["tags"] or []
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return []

    def requests(self):
        """["PUT /v2/…", …] in order, from the access log."""
        found = []
        for line in self.log().splitlines():
            parts = line.split('"')
            if len(parts) > 2 and parts[1].endswith(("HTTP/1.1", "HTTP/1.0")):
                found.append(parts[1].rsplit(" ", 1)[0])
        return found


class Nginx(_Server):
    """TLS in front of another port; with client_ca only for clients that have a certificate of that authority."""

    def __init__(self, folder, upstream, certificate, client_ca=None):
        os.makedirs(folder, exist_ok=True)
        self.port = free_port()
        self.address = "127.0.0.1:%d" % self.port
        client = "ssl_client_certificate %s; ssl_verify_client on;" % client_ca if client_ca else ""
        configuration = os.path.join(folder, "nginx.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write("""
daemon off; pid %(folder)s/pid; error_log %(folder)s/log; worker_processes 1;
%(user)s
events {}
http {
  access_log off; client_max_body_size 0;
  client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy; fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi; scgi_temp_path %(folder)s/scgi;
  server {
    listen %(address)s ssl;
    ssl_certificate %(certificate)s; ssl_certificate_key %(key)s; %(client)s
    location / {
      proxy_pass http://%(upstream)s; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
      proxy_request_buffering off; proxy_http_version 1.1;
    }
  }
}
""" % {"folder": folder, "address": self.address, "certificate": certificate[0], "key": certificate[1],
                "client": client, "upstream": upstream, "user": "user root;" if os.geteuid() == 0 else ""})
        self._start([environment.find("nginx"), "-c", configuration], os.path.join(folder, "out"))
        wait_until(lambda: port_is_open(self.port), "nginx listening", alive=self.process)


class Dockerd(_Server):
    """dockerd with a data folder, a containerd and a socket of its own; no bridge, no iptables. Needs root."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.socket = os.path.join(folder, "docker.sock")
        self.host = "unix://" + self.socket
        self._start([environment.find("dockerd"), "--host", self.host, "--data-root", os.path.join(folder, "data"),
                     "--exec-root", os.path.join(folder, "exec"), "--pidfile", os.path.join(folder, "pid"),
                     "--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"],
                    os.path.join(folder, "log"), env=dict(os.environ, PATH=environment.PATH))

        def answers():
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(self.socket) == 0
        try:
            wait_until(answers, "dockerd listening", seconds=60, alive=self.process)
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.log())) from None

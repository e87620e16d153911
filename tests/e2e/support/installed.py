"""The project installed into a folder, as a package would put it."""

import os

from . import environment
from .process import check

CMAKE = os.environ.get("SEALOS_CMAKE") or "cmake"


class Installed:
    def __init__(self, prefix):
        self.prefix = prefix
        check(CMAKE, "--install", environment.BUILD, "--prefix", prefix)
        self.sealos = os.path.join(prefix, "bin/sealos")
        self.plugins = self._plugin_folder()

    def _plugin_folder(self):
        for parent, folders, _ in os.walk(self.prefix):
            if parent.endswith("/sealos") and "plugins" in folders:
                return os.path.join(parent, "plugins")
        raise AssertionError("no sealos/plugins below " + self.prefix)

"""Runs programs, and says all there is to know when one does not do what was expected."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

from . import environment

# Flags of sealos, and its documented exit codes.
OK, INTERNAL, USAGE, NOT_FOUND, DENIED, NETWORK, POLICY, DESTINATION, CORRUPT, LOCAL_IO = range(10)
INTERRUPTED = 130


class Result:
    def __init__(self, arguments, code, out, err, seconds):
        self.arguments, self.code, self.out, self.err, self.seconds = arguments, code, out, err, seconds

    @property
    def lines(self):
        """The lines of stderr."""
        return [line for line in self.err.splitlines() if line.strip()]

    def __str__(self):
        return "%s\nexit code %d\nstdout: %s\nstderr: %s" % (
            " ".join(self.arguments), self.code, self.out, self.err)


class Running:
    """A started program whose output goes to unnamed files, so that nothing has to drain it."""

    def __init__(self, arguments, env=None, cwd=None):
        self.arguments = [str(a) for a in arguments]
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self._start = time.monotonic()
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err, cwd=cwd,
            env=env if env is not None else dict(os.environ, PATH=environment.PATH), start_new_session=True)

    def stderr_so_far(self):
        self._err.seek(0)
        return self._err.read().decode(errors="replace")

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def wait(self, timeout=300):
        """Waits for the end; after the timeout the program is killed, which shows as its exit code."""
        timer = threading.Timer(timeout, self.kill)
        timer.start()
        self.process.wait()
        timer.cancel()
        texts = []
        for file in (self._out, self._err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
            file.close()
        return Result(self.arguments, self.process.returncode, texts[0], texts[1],
                      time.monotonic() - self._start)


def run(*arguments, env=None, cwd=None, timeout=300):
    return Running(arguments, env, cwd).wait(timeout)


# Linux counts what the starting process was using before exec among the peak of the started one, so a large test
# would measure itself. This small one does not.
_MEASURE = """
import json, os, sys, time
start = time.monotonic()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
status, usage = os.wait4(pid, 0)[1:]
with open(sys.argv[1], "w") as file:
    json.dump([time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss], file)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


def run_measured(*arguments, env=None, timeout=300):
    """(Result, seconds, CPU seconds, peak memory in KiB) of a run."""
    with tempfile.NamedTemporaryFile("r") as file:
        result = run(sys.executable, "-ISc", _MEASURE, file.name, *arguments, env=env, timeout=timeout)
        return (result, *json.load(file))


def check(*arguments, env=None, cwd=None, timeout=300):
    """Runs something that must succeed, and returns its stdout."""
    result = run(*arguments, env=env, cwd=cwd, timeout=timeout)
    if result.code != 0:
        raise AssertionError(str(result))
    return result.out


def wait_until(condition, what, seconds=30, alive=None):
    """Polls condition; gives up when `alive` (a Popen) has ended or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        if alive is not None and alive.poll() is not None:
            raise AssertionError("%s: the program ended with %d" % (what, alive.returncode))
        time.sleep(0.01)
    raise AssertionError("%s did not happen within %d seconds" % (what, seconds))

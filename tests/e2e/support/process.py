"""Runs programs, and says all there is to know when one does not do what was expected."""

import os
import signal
import subprocess
import tempfile
import threading
import time

from . import environment

# Flags of sealos, and its documented exit codes.
OK, INTERNAL, USAGE, NOT_FOUND, DENIED, NETWORK, POLICY, DESTINATION, CORRUPT, LOCAL_IO = range(10)
INTERRUPTED = 130


class Result:
    def __init__(self, arguments, code, out, err, usage, seconds):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err
        self.seconds = seconds
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        # Of the program, or of this test just before it started it, whichever is larger.
        self.peak_kib = usage.ru_maxrss

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
        _, status, usage = os.wait4(self.process.pid, 0)
        timer.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (self._out, self._err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
            file.close()
        return Result(self.arguments, self.process.returncode, texts[0], texts[1], usage,
                      time.monotonic() - self._start)


def run(*arguments, env=None, cwd=None, timeout=300):
    return Running(arguments, env, cwd).wait(timeout)


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

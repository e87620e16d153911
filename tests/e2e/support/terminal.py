"""A shell on a terminal of its own, typed at."""

import os
import pty
import select
import time


class Shell:
    def __init__(self, arguments, env):
        self._serial = 0
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execvpe(arguments[0], arguments, env)
        self.run("PS1='$ ' PS2= RPS1= PROMPT_EOL_MARK=")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self._fd)
        os.waitpid(self._pid, 0)

    def _until(self, mark, seconds=20):
        text, end = "", time.monotonic() + seconds
        while mark not in text:
            if not select.select([self._fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("no %r in %r" % (mark, text))
            text += os.read(self._fd, 65536).decode("utf-8", "replace")
        return text

    def _type(self, text):
        os.write(self._fd, text.encode())

    def run(self, command):
        """Runs it to its end; what was shown meanwhile."""
        self._serial += 1
        # The mark is not in the echo of what was typed.
        self._type("%s; echo en''d-%d-\n" % (command, self._serial))
        return self._until("end-%d-" % self._serial)

    def completed(self, text):
        """What stands in the line after text and a tab."""
        self._serial += 1
        # Ctrl-A and Ctrl-E go to the begin and the end of the line: it is not run but shown.
        self._type(text + "\t\x01printf '<%s>' be''gin-" + str(self._serial) + "- \"\x05\"; echo en''d-" + str(self._serial) + "-\n")
        shown = self._until("end-%d-" % self._serial)
        return shown.rsplit("<begin-%d-><" % self._serial, 1)[1].rsplit(">", 1)[0]

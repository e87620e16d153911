#!/usr/bin/env python3
"""What a push to a registry stands, in numbers that no test run has time for. Run by hand:

    tests/stress/registry.py [--megabytes N] partial [KILLS]    a registry that keeps what came of an upload (100 of 400 MB)
    tests/stress/registry.py [--megabytes N] docker [KILLS]     docker-registry 2.8, which loses it (100 of 400 MB)

The push is killed (SIGKILL) at random instants and repeated until it has come to its end. The output has how many bytes
the registry received for the image of each round, or that no finished blob was sent twice.

Environment: SEALOS, SEALOS_BUILD as for the tests in tests/e2e.
"""

import argparse
import os
import subprocess
import sys

TEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e/test_killed_pushes.py")
WHAT = {"partial": "keeps_partial", "docker": "docker_registry"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("kills", nargs="?", type=int, default=100)
    options = parser.parse_args()
    sys.exit(subprocess.run([sys.executable, "-B", TEST, "-k", WHAT[options.what]], check=False, env=dict(
        os.environ, SEALOS_KILLS=str(options.kills), SEALOS_KILL_MEGABYTES=str(options.megabytes))).returncode)


if __name__ == "__main__":
    main()

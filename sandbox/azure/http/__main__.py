"""The process `python -m sandbox.azure.http`: prints its URL and serves until its parent is gone.

`--fd N --parent PID` serve on a socket that waits already, for a parent that is known already.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import threading
import time
from pathlib import Path

from sandbox import faults
from sandbox.azure.http.arm import HttpArm
from sandbox.azure.http.server import Server, listen

PARENT_CHECK_SECONDS = 0.2


def main() -> None:
    """Serve the cloud of `$KEYLESS_SANDBOX`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int)
    parser.add_argument("--parent", type=int, default=os.getppid())
    given = parser.parse_args()
    # Ctrl-C reaches the whole process group; what the engine has begun still needs an answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = listen() if given.fd is None else socket.socket(fileno=given.fd)
    server = Server(HttpArm(Path(os.environ[faults.FOLDER_VARIABLE]), faults.from_environment()), listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if given.fd is None:
        print(server.url, flush=True)
    while os.getppid() == given.parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()

"""Stand-in for `pulumi-resource-pulumi-python`: the SDK's own server of dynamic resources, ending with its engine."""

from __future__ import annotations

import os
import runpy
import threading
import time

ENGINE_CHECK_SECONDS = 0.5


def end_with(engine: int) -> None:
    """End this process when its engine is gone: a killed engine tells no one, and the SDK's server waits for ever."""
    while os.getppid() == engine:
        time.sleep(ENGINE_CHECK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)

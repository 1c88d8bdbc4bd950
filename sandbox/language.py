"""Stand-in for `pulumi-language-python`: the SDK's own language server around the project's `__main__.py`.

Used only beside an engine that we built: where Pulumi's real plugin exists, the engine takes that.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from concurrent import futures
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import Any, cast

import grpc
from pulumi import RunError
from pulumi.automation._server import LanguageServer
from pulumi.runtime import proto
from pulumi.runtime.proto import language_pb2_grpc

ENGINE_CHECK_SECONDS = 0.5


class PythonLanguage(LanguageServer):
    """Runs `__main__.py` of the project folder, as the real plugin does, but in this process."""

    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return proto.language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return proto.plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        folder = Path(request.info.program_directory or request.pwd)
        main = folder / request.info.entry_point
        if main.is_dir():
            main /= "__main__.py"
        self.program = lambda: run_program(main)
        answer = cast(Any, super()).Run(request, context)
        if answer.error:
            # The SDK has logged the message already; bail says so, else the engine prints it a second time.
            answer.error, answer.bail = "", True
        return answer


def run_program(main: Path) -> None:
    """Run the file as the main module, its folder first on the path; a plain `sys.exit()` is no failure."""
    os.chdir(main.parent)
    if str(main.parent) not in sys.path:
        sys.path.insert(0, str(main.parent))
    try:
        runpy.run_path(str(main), run_name="__main__")
    except SystemExit as stop:
        if stop.code not in (None, 0):
            raise RunError(f"the program ended with exit code {stop.code}") from stop


def stop_with_engine(stop: threading.Event) -> None:
    """Wait until told to stop or until the engine is gone: a killed engine tells no one."""
    engine = os.getppid()
    while not stop.wait(ENGINE_CHECK_SECONDS):
        if os.getppid() != engine:
            return


def main() -> None:
    """Serve on loopback, print the port, and stay until the engine ends."""
    stop = threading.Event()

    def quit_quietly(number: int, frame: FrameType | None) -> None:
        stop.set()

    # Ctrl-C reaches the whole process group; the engine decides what becomes of the update, so no trace here.
    signal.signal(signal.SIGINT, quit_quietly)
    signal.signal(signal.SIGTERM, quit_quietly)
    # No limit on messages, as the real plugin: the engine sends whole states.
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(4), options=options)
    add = cast(Any, language_pb2_grpc).add_LanguageRuntimeServicer_to_server
    add(PythonLanguage(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    stop_with_engine(stop)
    server.stop(None)
    # Threads of an interrupted program may still wait for answers that will never come.
    os._exit(0)


if __name__ == "__main__":
    main()

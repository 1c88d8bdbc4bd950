"""HTTP on loopback around the stand-in ARM."""

from __future__ import annotations

import json
import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sandbox.azure.http.arm import Answer, HttpArm, Request, encode, error_body
from sandbox.plugin import Refusal

# Never a real token: the sandbox's own word, and the client id of the caller, empty for an owner.
BEARER = re.compile(r"Bearer sandbox:(?P<caller>[0-9a-fA-F-]*)")


class Server(ThreadingHTTPServer):
    """Serves one cloud on a socket that already listens."""

    daemon_threads = True

    def __init__(self, arm: HttpArm, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.arm = arm

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self.socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


def listen() -> socket.socket:
    """A listening socket on a free loopback port."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


class Handler(BaseHTTPRequestHandler):
    """One connection; requests follow each other on it."""

    protocol_version = "HTTP/1.1"
    # Head and body leave in two packets, and the second must not wait for the first one's receipt.
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        try:
            answer = self.server.arm.answer(self._request())
        except Refusal as refusal:
            headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after is not None else {}
            answer = Answer(refusal.code, error_body(refusal), headers)
        body = b"" if answer.body is None else encode(answer.body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PATCH = do_PUT = do_DELETE = do_POST = _serve

    def _request(self) -> Request:
        # Read first: what stays unread would be taken for the next request.
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bearer = BEARER.fullmatch(self.headers.get("Authorization") or "")
        if bearer is None:
            raise Refusal(
                401,
                "InvalidAuthenticationToken",
                "The stand-in takes `Authorization: Bearer sandbox:<client id>` and never a real token.",
            )
        try:
            body = json.loads(sent) if sent else None
        except ValueError:
            raise Refusal(400, "InvalidRequestContent", "The request content is no JSON.") from None
        url = urlsplit(self.path)
        versions = parse_qs(url.query).get("api-version")
        return Request(
            method=self.command,
            path=unquote(url.path).rstrip("/"),
            version=versions[0] if versions else None,
            caller=bearer["caller"],
            origin=self.server.url,
            body=body,
        )

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what is sent and answered belongs in no log."""

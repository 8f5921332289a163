"""Signing in and out."""

from __future__ import annotations

import http.server
import urllib.parse
import webbrowser
from typing import Annotated

import typer
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc

from clients.staff import settings
from clients.staff.connection import calling, gateway, stub
from clients.staff.output import Json, show

DONE = b"<!doctype html><meta charset=utf-8><title>Done</title><p>You can close this window.</p>"


def add_to(app: typer.Typer) -> None:
    """Add the commands to the staff command itself."""
    app.command("sign-in")(sign_in)
    app.command("sign-out")(sign_out)
    app.command("whoami")(whoami)


def sign_in(
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Sign in with your browser; the session is kept on this computer until you sign out."""
    sessions = gateway(signed_in=False).stub(sessions_pb2_grpc.SessionsServiceStub)
    with _Callback() as callback, calling():
        begun = sessions.StartSignIn(
            sessions_pb2.StartSignInRequest(redirect_uri=callback.redirect_uri)
        )
        typer.echo(f"Open this page to sign in:\n{begun.authorization_url}")
        if browser:
            webbrowser.open(begun.authorization_url)
        code, state = callback.wait()
        done = sessions.CompleteSignIn(sessions_pb2.CompleteSignInRequest(state=state, code=code))
    settings.keep_session(settings.read(), done.session_token)
    roles = ", ".join(done.session.roles) or "no role"
    typer.echo(f"Signed in ({roles}). Sign out with: sas sign-out")


def sign_out() -> None:
    """Sign out, here and on the server."""
    with calling():
        stub(sessions_pb2_grpc.SessionsServiceStub).SignOut(sessions_pb2.SignOutRequest())
    settings.forget_session(settings.read())
    typer.echo("Signed out.")


def whoami(as_json: Json = False) -> None:
    """Show who is signed in, in which roles and until when."""
    with calling():
        found = stub(sessions_pb2_grpc.SessionsServiceStub).GetSession(
            sessions_pb2.GetSessionRequest()
        )
    show(found, as_json=as_json)


class _Callback:
    """The loopback address that the browser comes back to (RFC 8252, section 7.3)."""

    def __enter__(self) -> _Callback:
        callback = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                callback.answer = (query.get("code", [""])[0], query.get("state", [""])[0])
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(DONE)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the request line holds the one-time code."""

        self.answer: tuple[str, str] | None = None
        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    @property
    def redirect_uri(self) -> str:
        """Return the address for the identity provider."""
        return f"http://127.0.0.1:{self._server.server_port}/callback"

    def wait(self) -> tuple[str, str]:
        """Wait until the browser came back with a code."""
        while self.answer is None or not self.answer[0]:
            self._server.handle_request()
        return self.answer

"""A server of somebody who means no good: it answers when and what it likes."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from deploy.certificates import ServerCertificate


@contextmanager
def answering(
    certificate: ServerCertificate, pieces: Iterable[bytes], pause: float
) -> Iterator[str]:
    """Answer each caller with these pieces, with a pause after each; give the URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def answer(plain: socket.socket) -> None:
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                _read_request(connection)
                for piece in pieces:
                    if over.is_set():
                        return
                    connection.sendall(piece)
                    time.sleep(pause)
        except OSError:
            pass  # the caller has left

    def serve() -> None:
        while not over.is_set():
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(plain,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        over.set()
        listening.close()


def _read_request(connection: ssl.SSLSocket) -> None:
    """Read all of it: what is left unread would break the connection under the answer."""
    with connection.makefile("rb") as request:
        length = 0
        while (line := request.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        request.read(length)

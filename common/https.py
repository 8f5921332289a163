"""
A few kept connections to one server of ours, over TLS and without detours.

Shared because Vault and the collector of traces are asked in every call. Not `requests`: what it
does around urllib3 cost as much CPU here as TLS, the call and its answer together, and it reads
proxies, passwords and certificates from the environment unless told not to.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import HTTPError

__all__ = ["HTTPError", "kept_connections"]


def kept_connections(
    url: str, ca_file: Path | str, *, seconds: float, at_most: int
) -> HTTPSConnectionPool:
    """
    Give the way to the server that *url* names.

    Asking raises `HTTPError` when the server can't be reached, isn't the one, or takes too long.

    Args:
        url: its scheme, host and port count.
        ca_file: the only certificates that may vouch for it.
        seconds: for connecting, and for each answer.
        at_most: connections to keep.
    """
    server = urlsplit(url)
    return HTTPSConnectionPool(
        server.hostname or "",
        server.port,
        timeout=seconds,
        maxsize=at_most,
        retries=False,
        cert_reqs="CERT_REQUIRED",
        ca_certs=str(ca_file),
    )

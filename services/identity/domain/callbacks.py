"""Where a sign-in may send the browser back to."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

LOOPBACK = frozenset({"127.0.0.1", "::1"})


def is_allowed(redirect_uri: str, configured: Iterable[str]) -> bool:
    """
    Say whether *redirect_uri* is one of those *configured*, character for character.

    The one liberty is a program's own loopback address, where any port will do, since the program
    takes whichever is free (RFC 8252, section 7.3).
    """
    allowed = set(configured)
    if redirect_uri in allowed:
        return True
    without_port = _loopback_without_port(redirect_uri)
    return without_port is not None and without_port in {
        _loopback_without_port(uri) for uri in allowed
    }


def _loopback_without_port(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port  # raises on nonsense
    except ValueError:
        return None
    if parts.scheme != "http" or host not in LOOPBACK or parts.username is not None:
        return None
    return urlunsplit(parts._replace(netloc=host))

"""The witness's settings: one TOML file. A wrong one stops the start, and its name is said."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from witness.notes import ED25519, Key, is_name


class ConfigError(Exception):
    """The settings can't be used; the message names the one that is wrong."""


@dataclass(frozen=True)
class Config:
    """All of them are needed."""

    name: str
    """Ours, in every signature: a URL without `https://`, such as `example.org/witness`."""
    listen: str
    """Where to listen, as `host:port`."""
    certificate_file: str
    key_file: str
    """Of TLS."""
    signing_key_file: str
    """What `keygen` made. Nobody else may read it, and it is in no backup that others hold."""
    logs_file: str
    """The verifier keys of the logs that we watch, one a line."""
    database_file: str

    @property
    def address(self) -> tuple[str, int]:
        """Where to listen."""
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdecimal():
            raise ConfigError("listen must be host:port")
        return host, int(port)

    def signing_key(self) -> Ed25519PrivateKey:
        """
        Read our key.

        Raises:
            ConfigError: it can't be read, is of another kind, or others may read it too.
        """
        return load_key(Path(self.signing_key_file))

    def logs(self) -> list[Key]:
        """
        Read the keys of the logs.

        Raises:
            ConfigError: a line is not a verifier key, or there is none.
        """
        try:
            lines = Path(self.logs_file).read_text("utf-8").split("\n")
            keys = [Key.parse(line.strip(), ED25519) for line in lines if line.strip()]
        except (OSError, ValueError) as error:  # what is malformed is a ValueError, too
            raise ConfigError("logs_file must have one verifier key of a log a line") from error
        if not keys:
            raise ConfigError("logs_file names no log")
        return keys


def load(file: Path) -> Config:
    """
    Read the settings.

    Raises:
        ConfigError: the file can't be read, or a setting is missing, unknown or no text.
    """
    try:
        with file.open("rb") as opened:
            found = tomllib.load(opened)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} can't be read") from error
    known = [field.name for field in fields(Config)]
    for name in found:
        if name not in known:
            raise ConfigError(f"{name} is not a known setting")
    for name in known:
        if not isinstance(found.get(name), str) or not found[name]:
            raise ConfigError(f"{name} is missing, or not a text")
    if not is_name(found["name"]):
        raise ConfigError("name must have no space and no plus")
    return Config(**found)


def load_key(file: Path) -> Ed25519PrivateKey:
    """
    Read the key in *file*.

    Raises:
        ConfigError: it can't be read, is of another kind, or others may read it too.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError("signing_key_file may be read by its owner only (chmod 600)")
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise ConfigError("signing_key_file can't be read; make one with keygen") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError("signing_key_file is not an Ed25519 key")
    return key


def make_key(file: Path) -> Ed25519PrivateKey:
    """Make a key that only we can read; never over another."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(text)
    return key

"""
The configuration of one process: one TOML file, read once, checked before anything starts.

Shared because every process of ours is configured the same way. A setting that is missing, of the
wrong kind or not known stops the process with its name in one line, rather than surprising somebody
later. The file holds no secret: it says where Vault is, and Vault has the secrets.
"""

from __future__ import annotations

import tomllib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

T = TypeVar("T")


class ConfigError(Exception):
    """The configuration can't be used; the message names the file and the setting."""


@attrs.frozen
class VaultSettings:
    """Where Vault is, and who we are to it."""

    url: str
    ca_file: Path
    role_id: str
    wrapped_secret_id_file: Path
    """Written just before we start, by whoever starts us; read once and removed."""


@attrs.frozen
class DatabaseSettings:
    """Which database, and which Vault role gives us a login to it."""

    host: str
    port: int
    name: str
    ca_file: Path
    vault_role: str


@attrs.frozen
class RabbitmqSettings:
    """Which broker, and where in Vault its login is."""

    host: str
    port: int
    vhost: str
    secret: str
    ca_file: Path | None = None


@attrs.frozen
class TelemetrySettings:
    """Where spans are sent."""

    url: str
    ca_file: Path


@attrs.frozen
class TrustSettings:
    """Whose certificates we accept, and the trust domain of the names in them (SPIFFE)."""

    ca_file: Path
    domain: str


@attrs.frozen
class _Sections:
    """The file as it is, except `[settings]`; what a process does not need may be missing."""

    process: str
    listen: str | None = None
    development: bool = False
    vault: VaultSettings | None = None
    database: DatabaseSettings | None = None
    rabbitmq: RabbitmqSettings | None = None
    telemetry: TelemetrySettings | None = None
    trust: TrustSettings | None = None
    peers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Config(Generic[T]):
    """
    What one process was told.

    A section that this kind of process does not need may be missing in the file; asking for it all
    the same raises ConfigError with its name.
    """

    _sections: _Sections
    settings: T
    """The service's own `[settings]`."""

    @property
    def process(self) -> str:
        """The process, as `cases-serve`."""
        return self._sections.process

    @property
    def service(self) -> str:
        """The service this process belongs to, as `cases`; the last part of its SPIFFE name."""
        return self.process.partition("-")[0]

    @property
    def development(self) -> bool:
        """Whether this is a developer's stack, where the API may describe itself."""
        return self._sections.development

    @property
    def peers(self) -> Mapping[str, str]:
        """The addresses of the services we call, by their name."""
        return self._sections.peers

    @property
    def listen(self) -> str:
        """Where to serve, as `host:port`."""
        return _needed(self._sections.listen, "listen")

    @property
    def vault(self) -> VaultSettings:
        """The section `[vault]`."""
        return _needed(self._sections.vault, "[vault]")

    @property
    def database(self) -> DatabaseSettings:
        """The section `[database]`."""
        return _needed(self._sections.database, "[database]")

    @property
    def rabbitmq(self) -> RabbitmqSettings:
        """The section `[rabbitmq]`."""
        return _needed(self._sections.rabbitmq, "[rabbitmq]")

    @property
    def telemetry(self) -> TelemetrySettings:
        """The section `[telemetry]`."""
        return _needed(self._sections.telemetry, "[telemetry]")

    @property
    def trust(self) -> TrustSettings:
        """The section `[trust]`."""
        return _needed(self._sections.trust, "[trust]")


@attrs.frozen
class NoSettings:
    """For a process without settings of its own."""


def load(path: Path, settings_class: type[T]) -> Config[T]:
    """
    Read the configuration in *path*; its `[settings]` become a *settings_class* (an attrs class).

    Raises:
        ConfigError: The file can't be read, or a setting is missing, unknown or of the wrong kind.
    """
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({error.strerror})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML ({error})") from error
    try:
        own = found.pop("settings", {})
        sections = _build(_Sections, found, "")
        return Config(sections, _build(settings_class, own, "settings."))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _needed(section: T | None, name: str) -> T:
    if section is None:
        raise ConfigError(f"{name} is missing")
    return section


def _build(cls: type[T], found: object, where: str) -> T:
    """Make a *cls* (an attrs class) from the table *found*, which stands at *where* in the file."""
    if not isinstance(found, dict):
        raise ConfigError(f"{where.rstrip('.')} must be a table")
    fields = attrs.fields_dict(cls)  # type: ignore[arg-type]  # an attrs class by contract
    for key in found:
        if key not in fields:
            raise ConfigError(f"{where}{key} is not a known setting")
    for key, field in fields.items():
        if field.default is attrs.NOTHING and key not in found:
            raise ConfigError(f"{where}{key} is missing")
    hints = get_type_hints(cls)
    return cls(**{k: _convert(hints[k], value, where + k) for k, value in found.items()})


def _convert(kind: Any, value: object, where: str) -> Any:
    """Give *value* as *kind*, or say that the setting *where* is wrong (never what it says)."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):  # only `X | None`: TOML has no null
        return _convert(next(a for a in arguments if a is not type(None)), value, where)
    if attrs.has(kind):
        return _build(kind, value, where + ".")
    if origin is not None and issubclass(origin, Mapping):
        if isinstance(value, dict):
            return {k: _convert(arguments[1], v, f"{where}.{k}") for k, v in value.items()}
        raise ConfigError(f"{where} must be a table")
    if origin in (tuple, list, frozenset):
        if isinstance(value, list):
            return origin(_convert(arguments[0], v, where) for v in value)
        raise ConfigError(f"{where} must be a list")
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and type(value) in (int, float):
        return float(value)  # type: ignore[arg-type]  # narrowed by type()
    if type(value) is not kind:  # not isinstance: true and false are no numbers
        raise ConfigError(f"{where} must be {_WORDS.get(kind, kind.__name__)}")
    return value


_WORDS = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    Path: "a path",
    float: "a number",
}

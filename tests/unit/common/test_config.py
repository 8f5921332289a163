"""Settings that are wrong stop the process, with their name."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from common.config import ConfigError, NoSettings, load

WHOLE = """
process = "cases-serve"
listen = "127.0.0.1:1"

[vault]
url = "https://127.0.0.1:2"
ca_file = "ca.pem"
role_id = "cases-serve"
wrapped_secret_id_file = "wrapped"

[peers]
consent = "127.0.0.1:3"
"""


@attrs.frozen
class Settings:
    """Settings of all kinds."""

    public_url: str
    seconds: int = 60
    share: float = 1.0
    uris: tuple[str, ...] = ()
    folder: Path | None = None


def written(tmp_path: Path, text: str) -> Path:
    """Write *text* as a configuration."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    return file


def test_a_whole_configuration_is_read(tmp_path: Path) -> None:
    settings = '[settings]\npublic_url = "u"\nshare = 2\nuris = ["a", "b"]\nfolder = "f"\n'
    config = load(written(tmp_path, WHOLE + settings), Settings)
    assert config.service == "cases"
    assert config.vault.ca_file == Path("ca.pem")
    assert config.peers == {"consent": "127.0.0.1:3"}
    assert config.settings == Settings("u", 60, 2.0, ("a", "b"), Path("f"))
    assert not config.development


def test_a_section_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    config = load(written(tmp_path, WHOLE), NoSettings)
    with pytest.raises(ConfigError, match=r"\[database\] is missing"):
        _ = config.database


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("process = 1", "process must be a text"),
        ('listen = "x"', "process is missing"),
        ('process = "x"\nwhat = 1', "what is not a known setting"),
        ('process = "x"\ndevelopment = "yes"', "development must be true or false"),
        ('process = "x"\nvault = "here"', "vault must be a table"),
        ('process = "x"\n[vault]\nurl = "u"', "vault.ca_file is missing"),
        ('process = "x"\n[peers]\nconsent = 3', "peers.consent must be a text"),
        ('process = "x"', "settings.public_url is missing"),
        ('process = "x"\n[settings]\npublic_url = "u"\nseconds = true', "settings.seconds must be"),
        ('process = "x"\n[settings]\npublic_url = "u"\nuris = "a"', "settings.uris must be a list"),
        ("process = ", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text), Settings)
    assert says in str(caught.value)
    assert "config.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: can't be read"):
        load(tmp_path / "nowhere.toml", NoSettings)

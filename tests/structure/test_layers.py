"""Who may import whom, as `.importlinter` says; each contract there has its reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter in *folder*."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_reaches_up_or_sideways() -> None:
    done = lint(CHECKOUT)
    assert done.returncode == 0, done.stdout


def test_a_reach_up_or_sideways_would_be_seen(tmp_path: Path) -> None:
    """The same contracts, on a house of cards with one wrong import for each."""
    wrong = {
        "services/cases/domain/cases.py": "import sqlalchemy",
        "services/cases/storage/work.py": "import services.cases.actions.cases",
        "services/cases/actions/cases.py": "import services.consent.domain",
        "services/cases/worker.py": "import grpc",
        "common/pages.py": "import services.cases.domain",
        "clients/staff/main.py": "import services.cases.domain",
        "witness/notes.py": "import services.consent.domain.ledger",
        "services/consent/domain/ledger/__init__.py": "import witness.notes",
    }
    for service in ("identity", "cases", "consent", "reports"):
        for layer in ("domain", "storage", "actions", "api"):
            write(tmp_path / f"services/{service}/{layer}/__init__.py")
        for module in ("__init__", "__main__", "worker"):
            write(tmp_path / f"services/{service}/{module}.py")
    for name in ("services", "common", "common/events", "common/rpc", "clients", "clients/staff"):
        write(tmp_path / name / "__init__.py")
    for name in ("deploy/__init__.py", "common/outbox.py", "clients/staff/commands/__init__.py"):
        write(tmp_path / name)
    for name in ("witness/__init__.py", "witness/notes.py"):
        write(tmp_path / name)
    write(tmp_path / "clients/staff/commands/ledger.py")
    write(tmp_path / "services/consent/domain/ledger/__init__.py")
    contracts = (CHECKOUT / ".importlinter").read_text()
    # What is excused in the real tree is not there in this one.
    before, _, rest = contracts.partition("ignore_imports")
    contracts = before + rest[rest.index("[importlinter:contract:") :]
    (tmp_path / ".importlinter").write_text(contracts)

    assert lint(tmp_path).returncode == 0, lint(tmp_path).stdout
    for file, line in wrong.items():
        write(tmp_path / file, line)
        done = lint(tmp_path)
        assert done.returncode == 1, f"{file}: {line} was not seen\n{done.stdout}"
        write(tmp_path / file)


def write(file: Path, text: str = "") -> None:
    """Write a module."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")

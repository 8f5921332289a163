"""`common/` stays honest: it knows no word of the domain, and everything in it is shared."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMMON = CHECKOUT / "common"
SERVICES = ("identity", "cases", "consent", "reports")
FILES = sorted(COMMON.rglob("*.py"))

each_file = pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(COMMON)))

DOMAIN_WORDS = (
    "academic year|adviser|advice|breach|case|case note|college|confidentiality|consent|crsid"
    "|disclosure|document|enquiry|faculty|ground|inadvertent|involvement|last involvement|letter"
    "|manager|monitoring form|notice|paperwork|police|reflective|registration form|retention"
    "|situation|staff|staff member|student|third party|trustee|tutor|union|wall|welfare"
)
"""The words of docs/glossary.md and of the policy that a technical module has no use for."""

KNOWN = {
    ("config.py", "union"): "the type of `X | None`",
    ("errors.py", "confidentiality"): "the message of RefusedByPolicy names the policy, for people",
    ("handlers.py", "manager"): "the type of what `with` takes",
    ("telemetry.py", "letters"): "Envoy's, for why it ended a call",
    ("topology.py", "letter"): "RabbitMQ's dead letters",
}
"""Words that stand in the code of a common module all the same, and why."""


def words(identifier: str) -> str:
    """Give an identifier or a text as words: `CaseNote`, `case_note` and `case-note` are alike."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", identifier)
    return " ".join(re.split(r"[^A-Za-z]+", spaced)).lower()


def said(file: Path) -> Iterator[str]:
    """Give all names and texts in the code of *file*; comments and docstrings may have examples."""
    tree = ast.parse(file.read_text())
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.alias(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


def domain_words(file: Path) -> set[str]:
    """Give the words of the domain in the code of *file*."""
    pattern = re.compile(rf"\b(?:{DOMAIN_WORDS})(?:s|es)?\b")
    return {word for text in said(file) for word in pattern.findall(words(text))}


@each_file
def test_common_knows_no_word_of_the_domain(file: Path) -> None:
    known = {word for name, word in KNOWN if name == file.name}
    assert domain_words(file) == known


def test_the_words_of_the_domain_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text('class CaseNotes:\n    def of(self, the_student): return "third-party"\n')
    assert domain_words(file) == {"case", "student", "third party"}


@each_file
def test_common_knows_no_service_and_no_services_proto(file: Path) -> None:
    imported = {each for each in imports(file) if re.match(r"(services|clients|deploy)\b", each)}
    assert not imported
    protos = {each for each in imports(file) if each == "sas" or each.startswith("sas.")}
    assert all(each.startswith("sas.common.") for each in protos)


def imports(file: Path) -> Iterator[str]:
    """Give the modules that *file* imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def common_modules(file: Path) -> set[str]:
    """Give the modules of common that *file* imports."""
    return {name for each in imports(file) if (name := module_named(each))}


def module_named(imported: str) -> str | None:
    """Give the module of common that the import *imported* reaches, if any."""
    if not imported.startswith("common."):
        return None
    path = CHECKOUT / imported.replace(".", "/")
    if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
        return imported
    return None


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_starts_the_common_way(service: str) -> None:
    """So that no process logs, or dies, with somebody's words."""
    assert "common.process.run" in imports(CHECKOUT / f"services/{service}/__main__.py")


MODULES = sorted(
    ".".join(file.relative_to(CHECKOUT).with_suffix("").parts)
    for file in FILES
    if file.name != "__init__.py"
)


def users(folder: Path) -> set[str]:
    """Give the modules of common that the code in *folder* uses, itself or by way of others."""
    found: set[str] = set()
    new = {name for file in folder.rglob("*.py") for name in common_modules(file)}
    while new:
        found |= new
        files = (CHECKOUT / f"{name.replace('.', '/')}.py" for name in new)
        new = {n for file in files if file.exists() for n in common_modules(file)} - found
    return found


USED = {
    user: users(CHECKOUT / user)
    for user in (*(f"services/{service}" for service in SERVICES), "clients", "deploy")
}


@pytest.mark.parametrize("module", MODULES)
def test_what_is_common_has_two_users(module: str) -> None:
    """When one user is left, the module moves home."""
    found = [user for user, modules in USED.items() if module in modules]
    assert len(found) >= 2, f"used by {found or 'nobody'}"


PARTS = {"otlp", "vault_session"}
"""Modules that are a part of another one, which says why it is shared."""


@pytest.mark.parametrize("name", sorted({each.split(".")[1] for each in MODULES} - PARTS))
def test_what_is_common_says_why(name: str) -> None:
    file = COMMON / name / "__init__.py" if (COMMON / name).is_dir() else COMMON / f"{name}.py"
    docstring = ast.get_docstring(ast.parse(file.read_text())) or ""
    assert re.search(r"\bshared\b", docstring, re.IGNORECASE), "say why it is shared"

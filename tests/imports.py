"""What the source files import, wherever in a file it stands, and what else they must not hold."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hub_core

ROOT = Path(hub_core.__file__).parent.parent
HOMES: dict[str, str] = hub_core._HOME_OF
BROAD = {"Exception", "BaseException"}


@dataclass(frozen=True)
class Import:
    """One imported name: *module* as written (relative ones made whole), *name* where it is `from` the module."""

    module: str
    name: str | None = None

    @property
    def home(self) -> str:
        """The module that it comes from: public names of `hub_core` from their homes, submodules from themselves."""
        if self.name is None:
            return self.module
        if self.module == "hub_core":
            return HOMES.get(self.name, f"hub_core.{self.name}")
        return self.module

    def __str__(self) -> str:
        return self.module if self.name is None else f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Source:
    """A source file by its path below the root of the project."""

    path: str
    text: str

    @property
    def package(self) -> list[str]:
        return list(Path(self.path).parent.parts)

    def imports(self) -> Iterator[Import]:
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = self.package[: len(self.package) - node.level + 1] if node.level else []
                module = ".".join([*above, *([node.module] if node.module else [])])
                yield from (Import(module, alias.name) for alias in node.names)
            elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
                yield from (Import(str(given.value)) for given in node.args if isinstance(given, ast.Constant))

    def broad_excepts(self) -> int:
        """Count the places that catch whatever comes."""
        count = 0
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.ExceptHandler):
                count += node.type is None or bool(_names(node.type) & BROAD)
            elif isinstance(node, ast.Call) and _called(node) == "suppress":
                count += any(_names(given) & BROAD for given in node.args)
        return count

    def classes_below(self, bases: set[str]) -> list[str]:
        """Name the classes that have one of *bases*."""
        classes = [node for node in ast.walk(ast.parse(self.text)) if isinstance(node, ast.ClassDef)]
        return [node.name for node in classes if any(_names(base) & bases for base in node.bases)]


def sources(folder: str) -> list[Source]:
    """Read all source files below *folder*, a pattern below the root."""
    paths = sorted(path for top in ROOT.glob(folder) for path in top.rglob("*.py"))
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}

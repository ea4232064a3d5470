"""The page on the architecture lists every module, each after those that it imports."""

import ast
import re
from pathlib import Path

import sklstm

PACKAGE = Path(sklstm.__file__).parent
PAGE = PACKAGE.parent / "docs" / "development" / "architecture.md"


def listed():
    """Modules in the order of the table; a row may name several of one folder."""
    modules = []
    for row in re.findall(r"^\| (`.*?) \| ", PAGE.read_text("utf-8"), re.M):
        folder = ""
        for name in re.findall(r"`(.+?)`", row):
            folder = name.rpartition("/")[0] if "/" in name else folder
            modules.append(name if "/" in name or not folder else f"{folder}/{name}")
    return modules


def imported(path):
    """Modules of the package that a module imports, packages by all of their modules."""
    folder = path.relative_to(PACKAGE).parent
    tree = ast.parse(path.read_text("utf-8"))
    # What only the type checker reads is in blocks of its own.
    tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [folder, *folder.parents][node.level - 1]
            target = base / (node.module or "").replace(".", "/")
            if (PACKAGE / target).is_dir():
                yield from (
                    (target / p.name).as_posix()
                    for p in (PACKAGE / target).glob("_[a-z]*.py")
                )
            else:
                yield f"{target.as_posix()}.py"


def test_modules_are_listed_after_those_that_they_import():
    order = listed()
    modules = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py" and "datasets" not in path.parts
    }
    assert modules == {name for name in order if name != "datasets/"}
    for module in modules:
        later = [
            name for name in imported(PACKAGE / module)
            if order.index(name) >= order.index(module)
        ]  # fmt: skip
        assert not later, f"{module} imports {later}, which come after it"

"""Docs are product: generated pages are fresh, links lead somewhere, every rule and command is documented."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["warehouse.md", "rules.md", "commands.md", "writing-rules.md"])
def test_a_generated_page_is_what_its_source_says(name: str) -> None:
    page = generator().PAGES[name]()
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page, "run make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_names_every_rule() -> None:
    from rules.engine.catalogue import built_in_folder, rule_files

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in rule_files(built_in_folder()):
        assert f"`{path.stem}`" in readme


def test_no_page_names_a_path_of_somebodys_machine() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|root|home)/", page.read_text(encoding="utf-8")), page.name

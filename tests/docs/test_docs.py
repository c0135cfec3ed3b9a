"""Docs are product: generated pages are fresh, links lead somewhere, every rule and command is documented."""

import importlib.util
import re
import tomllib
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


@pytest.mark.parametrize(
    "name",
    [
        "warehouse.md",
        "rules.md",
        "data-tests.md",
        "catalogue.md",
        "strategies.md",
        "commands.md",
        "writing-rules.md",
        "audit.schema.json",
    ],
)
def test_a_generated_page_is_what_its_source_says(name: str) -> None:
    page = generator().PAGES[name]()
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page, "run make docs"


def test_every_generated_page_is_compared() -> None:
    assert len(generator().PAGES) == 8


def test_the_page_of_data_tests_shows_one_that_works_and_settings_that_are_taken(tmp_path: Path) -> None:
    from finops.config import Settings
    from finops.pipeline.testing.catalogue import chosen
    from finops.pipeline.testing.linting import Linter

    text = (ROOT / "docs" / "data-tests.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^```(sql|toml)\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    path = tmp_path / "no-gpu-in-dev.sql"
    path.write_text(blocks["sql"], encoding="utf-8")
    assert [str(one) for one in Linter().look(path)] == []
    settings = Settings.model_validate({**tomllib.loads(blocks["toml"]), "test_folders": [tmp_path]})
    told = {one.test.id: one for one in chosen(settings)}
    assert "no-gpu-in-dev" in told
    assert told["freshness"].parameters["warn_after"] == 48
    assert not told["one-currency"].enabled


class TestTheGuide:
    """What a reader copies from docs/writing-rules.md does what the page says."""

    @pytest.fixture
    def blocks(self) -> dict[str, list[str]]:
        text = (ROOT / "docs" / "writing-rules.md").read_text(encoding="utf-8")
        found: dict[str, list[str]] = {}
        for kind, block in re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            found.setdefault(kind, []).append(block)
        return found

    @pytest.fixture
    def path(self, blocks: dict[str, list[str]], tmp_path: Path) -> Path:
        path = tmp_path / "stopped-database.sql"
        path.write_text(blocks["sql"][0], encoding="utf-8")
        path.with_suffix(".yaml").write_text(blocks["yaml"][0], encoding="utf-8")
        return path

    def test_has_a_rule_without_a_mistake_whose_cases_all_pass(self, path: Path) -> None:
        from rules.engine.cases import run_cases
        from rules.engine.catalogue import load
        from rules.engine.linting import Linter

        assert [str(one) for one in Linter().look(path)] == []
        outcomes = list(run_cases(load(path), path.with_suffix(".yaml")))
        assert len(outcomes) == 6
        assert [one.difference for one in outcomes] == [None] * 6

    def test_begins_with_a_command_that_works(self, blocks: dict[str, list[str]], tmp_path: Path) -> None:
        from rules.engine.scaffold import scaffold

        words = blocks["sh"][0].split()
        assert words[:4] == ["finops", "rules", "new", "stopped-database"]
        assert scaffold(words[3], tmp_path, words[words.index("--resource") + 1], ())

    def test_shows_what_the_checks_and_the_cases_really_say(self, blocks: dict[str, list[str]]) -> None:
        mistakes, difference = blocks["text"]
        assert "state_sinse" in mistakes
        assert "write $as_of" in mistakes
        assert "off for 60 days" in difference

    def test_ends_with_settings_that_the_rule_takes(self, blocks: dict[str, list[str]], path: Path) -> None:
        from rules.engine.catalogue import load
        from rules.engine.thresholds import thresholds

        settings = tomllib.loads(blocks["toml"][0])
        assert settings["rule_folders"] == ["my-rules"]
        assert thresholds(load(path), settings["rules"]["stopped-database"]).base == {"min_days": 60}


def test_the_catalogue_has_a_row_and_a_section_of_every_rule() -> None:
    from rules.engine.catalogue import built_in_folder, rule_files
    from rules.engine.strategies import CATALOGUE

    page = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    for name in {*CATALOGUE, *(path.stem for path in rule_files(built_in_folder()))}:
        assert re.search(rf"^\| \[`{name}`\]\(#{name}\)( \| [^|]+){{3}} \|$", page, re.MULTILINE), name
        assert f"\n## {name}\n" in page


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

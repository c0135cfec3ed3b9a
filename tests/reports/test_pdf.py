import re
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from finops.errors import UsageError
from finops.pipeline.reporting import write_reports
from reports import chromium, html, pdf
from reports.language import TAGS, Locale, speaking
from tests.reports import rich_sample, sample
from tests.reports.browsing import needed


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needed()
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(pdf.render(rich_sample.rich()))
    return path


@pytest.fixture(scope="module")
def pages(printed: Path) -> list[str]:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("THE TEXT OF THE PDF WAS NOT READ: no pdftotext (poppler-utils) is installed.")
    done = subprocess.run([program, "-layout", str(printed), "-"], capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


@pytest.mark.browser
def test_a_pdf_is_tagged_named_in_its_language_and_has_the_outline_of_its_headings(printed: Path) -> None:
    content = printed.read_bytes()
    assert content.startswith(b"%PDF-")
    for part in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang (en)", b"/Outlines", b"/Type /Catalog"):
        assert part in content, part
    titles = re.findall(rb"/Title \(([^)]*)\)", content)
    assert titles[0] == b"Cloud cost report, 20 Nov 2026"
    assert {b"Decisions asked for", b"What to do", b"Costs per account", b"How these numbers are made"} <= {
        *titles
    }


@pytest.mark.browser
def test_a_pdf_is_a4_landscape_and_does_not_sprawl(printed: Path) -> None:
    content = printed.read_bytes()
    sizes = {
        tuple(round(float(one)) for one in box.split())
        for box in re.findall(rb"/MediaBox \[([^\]]*)\]", content)
    }
    assert sizes == {(0, 0, 842, 595)}
    assert 5 < len(re.findall(rb"/Type /Page\b(?!s)", content)) < 30


@pytest.mark.browser
def test_the_first_page_is_the_first_screen(pages: list[str]) -> None:
    first = " ".join(pages[0].split())
    for told in (
        "November is heading for $17,820",
        "$3,463",
        "Not everything was seen",
        "Decisions asked for",
    ):
        assert told in first
    assert "$1,104.33" in first  # the largest decision
    assert "Net saving a month, $661.90 of overlap removed $3,462.78" in first
    assert "What to do" not in first


@pytest.mark.browser
def test_the_header_of_a_long_table_is_on_each_of_its_pages_and_its_total_only_on_the_last(
    pages: list[str],
) -> None:
    header = re.compile(r"What to do\s+Resource\s+Account")
    rows = [
        place for place, page in enumerate(pages) if re.search(r"\$(1,104\.33|842\.60|96\.00|44\.02)", page)
    ]
    with_header = [place for place, page in enumerate(pages) if header.search(page)]
    assert len(with_header) > 2
    assert with_header == list(range(with_header[0], with_header[-1] + 1))
    assert set(rows[1:]) & set(with_header)
    totals = [place for place, page in enumerate(pages) if "Total of all findings" in page]
    assert totals == [with_header[-1]]


@pytest.mark.browser
def test_a_pdf_has_no_header_or_footer_of_the_browser(pages: list[str]) -> None:
    assert not any("file://" in page or re.search(r"\b1/\d+\b", page) for page in pages)


@pytest.mark.browser
def test_the_browser_asks_nobody_even_where_a_page_wants_it() -> None:
    needed()
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                heard.append(caller.recv(100))
                caller.close()

        listener = threading.Thread(target=listen)
        listener.start()
        address = "{}:{}".format(*server.getsockname())
        asking = f'<img src="http://{address}/a"><script src="http://localhost:{server.getsockname()[1]}/b"></script>'
        assert chromium.printed(f"<!doctype html><title>x</title>{asking}").startswith(b"%PDF-")
        done.set()
        listener.join()
    assert heard == []


def test_what_a_page_makes_of_itself_can_be_read() -> None:
    needed()
    page = "<!doctype html><title>x</title><p id=a></p><script>setTimeout(() => { a.textContent = 6 * 7 }, 500)</script>"
    assert '<p id="a">42</p>' in chromium.left_in(page)


# --- Chinese needs letters that not every machine has ---------------------------------------------------------

PRINTS = 'for one; do case $one in --print-to-pdf=*) echo "%PDF-" > "${one#*=}";; esac; done'


def fonts(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """What lists the fonts is a script of the shell, and so is the browser, which prints whatever it is given."""
    pretend(folder, monkeypatch, PRINTS)
    program = folder / "fc-list"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_chinese_pdf_without_a_chinese_font_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fonts(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/asked')
    monkeypatch.setattr(html, "render", lambda *_: pytest.fail("the page was made"))
    with (
        speaking("zh"),
        pytest.raises(UsageError, match=r"none was found: install one \(Debian: apt install \S+,"),
    ):
        pdf.render(sample.clean())
    assert (tmp_path / "asked").read_text() == ":lang=zh-cn family\n"


@pytest.mark.parametrize("locale", ["en", "de"])
def test_other_languages_need_no_chinese_font(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: Locale
) -> None:
    fonts(tmp_path, monkeypatch, "exit 0")
    with speaking(locale):
        assert pdf.render(sample.clean()) == b"%PDF-\n"


@pytest.mark.parametrize("script", ["echo 'Noto Sans CJK SC'", "exit 1"])
def test_a_chinese_pdf_is_made_where_there_is_a_font_or_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    fonts(tmp_path, monkeypatch, script)
    with speaking("zh"):
        assert pdf.render(sample.clean()) == b"%PDF-\n"


def test_a_chinese_pdf_is_made_where_no_program_lists_the_fonts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, monkeypatch, PRINTS)
    found = shutil.which
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None if name == "fc-list" else found(name))
    with speaking("zh"):
        assert pdf.render(sample.clean()) == b"%PDF-\n"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("locale", "day", "largest", "total"),
    [
        ("de", "20. Nov. 2026", "1.104,33 $", "3.462,78 $"),
        ("zh", "2026年11月20日", "US$1,104.33", "US$3,462.78"),
    ],
)
def test_the_first_page_is_the_first_screen_in_other_languages_too(
    locale: Locale, day: str, largest: str, total: str
) -> None:
    needed()
    program = shutil.which("pdftotext")
    if program is None or not chromium._has_chinese():
        pytest.skip("NO PDF WAS READ: no pdftotext or no Chinese font is installed (make browser).")
    with speaking(locale):
        made = pdf.render(rich_sample.rich())
    assert f"/Lang ({TAGS[locale]})".encode() in made
    done = subprocess.run([program, "-layout", "-", "-"], input=made, capture_output=True, check=True)
    first = "".join(done.stdout.decode().split("\f")[0].split())
    for told in (day, largest, total):
        assert "".join(told.split()) in first


# --- without a browser, or with one that does not do its work ------------------------------------------------


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A browser that is a script of the shell."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv(chromium.VARIABLE, str(path))


def test_where_there_is_no_browser_a_sentence_says_how_to_get_one_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match=r"install one .* print the HTML report from any browser") as caught:
        write_reports(sample.clean(), tmp_path / "out", ["html", "pdf"])
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_variable_that_names_no_program_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.VARIABLE, "/no/such/browser")
    with pytest.raises(UsageError, match="FINOPS_CHROMIUM names /no/such/browser, which is no program"):
        pdf.render(sample.clean())


def test_the_browser_starts_with_a_profile_of_its_own_that_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(
        tmp_path,
        monkeypatch,
        f'for one; do echo "$one" >> {tmp_path}/said; case $one in --print-to-pdf=*) echo "%PDF-" > "${{one#*=}}";; esac; done',
    )
    assert pdf.render(sample.clean()) == b"%PDF-\n"
    said = (tmp_path / "said").read_text().splitlines()
    profile = next(one for one in said if one.startswith("--user-data-dir=")).partition("=")[2]
    assert not Path(profile).parent.exists()
    assert {"--headless", "--no-pdf-header-footer", "--generate-pdf-document-outline"} <= {*said}
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in said
    assert said[-1].startswith("file:///")


def test_a_browser_that_fails_is_told_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, monkeypatch, "echo 'No usable sandbox!' >&2; exit 3")
    with pytest.raises(UsageError, match=r"browser failed \(No usable sandbox!\)"):
        pdf.render(sample.clean())


def test_a_browser_that_writes_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, monkeypatch, "exit 0")
    with pytest.raises(UsageError, match="wrote no PDF"):
        pdf.render(sample.clean())


def test_a_browser_that_hangs_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "_SECONDS", 1)
    pretend(tmp_path, monkeypatch, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(UsageError, match="was not done after 1 seconds"):
        pdf.render(sample.clean())
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    assert not child.exists() or child.read_text().split()[2] == "Z"

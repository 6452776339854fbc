"""The report in Debian's Chromium: on a phone and a wide screen, light and dark, without network.

No script runs in the page; what is measured here is measured from outside.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from rendering import CHECKOUT, Family, call, set_up

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
MEASURE = (Path(__file__).parent / "measure.js").read_text("utf-8")
SHOTS = CHECKOUT / "build" / "report"
SCREENS = {"desktop": 1280, "tablet": 800, "phone": 360}
CONTRAST = 4.5
SMALLEST = 8.5  # pixels
FIGURES, TEXTS = 5, 200  # fewer, and the page did not load
# Writes pages: of the first run, with rounds, with many rounds and texts that go on.
WRITE = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from {package}.report import page_text
from tests.conftest import write_all
from tests.samples import DECISIONS, write_rounds

folder, clock = Path(sys.argv[1]), datetime(2014, 1, 21, 12, tzinfo=UTC)
for name, decisions in {{"first": (), "rounds": DECISIONS, "many": DECISIONS * 4}}.items():
    state = folder / f"{{name}}-state"
    state.mkdir()
    write_all(state)
    write_rounds(state, decisions)
    if name == "many":
        for path in (state / "rounds").glob("*/*.json"):
            document = json.loads(path.read_text())
            if "words" in document:
                document["words"] = "word" * 60 + " and more " * 30
            for one in document.get("slices", []):
                one["value"] = "a value that goes on and on " * 4
            path.write_text(json.dumps(document))
    (folder / f"{{name}}.html").write_text(page_text(state, "dev", clock), "utf-8")
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser of the system."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no browser here; install it: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program)
        yield found
        found.close()


@pytest.fixture(scope="session")
def pages(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of reports on sample documents."""
    repository = family.repository("product")
    set_up(repository)
    folder = tmp_path_factory.mktemp("reports")
    script = WRITE.format(package=family.package("product"))
    call("uv", "run", "--frozen", "python", "-c", script, folder, at=repository)
    return folder


class Seen:
    """A page as a browser shows it, and what it asked for and complained of."""

    def __init__(self, context: BrowserContext, path: Path) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        # Nothing but the page itself may be loaded; what is asked for all the same is counted.
        context.route(
            "**/*",
            lambda route: (
                route.abort() if self._foreign(route.request.url, path) else route.continue_()
            ),
        )
        self.page: Page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri())

    @staticmethod
    def _foreign(url: str, path: Path) -> bool:
        return url != path.as_uri()

    def measured(self) -> Mapping[str, Any]:
        """What `measure.js` finds."""
        found: Mapping[str, Any] = self.page.evaluate(MEASURE)
        return found


@pytest.mark.parametrize(
    ("name", "screen", "scheme"),
    [
        ("rounds", "desktop", "light"),
        ("rounds", "desktop", "dark"),
        ("rounds", "tablet", "light"),
        ("rounds", "phone", "light"),
        ("rounds", "phone", "dark"),
        ("first", "desktop", "light"),
        ("first", "phone", "dark"),
        ("many", "desktop", "dark"),
        ("many", "phone", "light"),
    ],
)
def test_it_reads_well(name: str, screen: str, scheme: Any, browser: Browser, pages: Path) -> None:
    size: Any = {"width": SCREENS[screen], "height": 900}
    with browser.new_context(
        viewport=size, color_scheme=scheme, java_script_enabled=False
    ) as opened:
        seen = Seen(opened, pages / f"{name}.html")
        SHOTS.mkdir(parents=True, exist_ok=True)
        seen.page.screenshot(path=SHOTS / f"{name}-{screen}-{scheme}.png", full_page=True)
        _judge(seen, f"{name}, {screen}, {scheme}")
        # The other panels are drawn alike: the wide ones and the narrow ones once each.
        if name == "rounds" and scheme == "light":
            for label in seen.page.locator(".choice > label").all():
                label.click()
                _judge(seen, f"{name}, {screen}, {scheme}, {label.inner_text()}")
        assert seen.requests == [(pages / f"{name}.html").as_uri()]
        assert seen.complaints == []


def _judge(seen: Seen, where: str) -> None:
    """No sideways scrolling, no empty, cut or covered figure, no faint or tiny text."""
    found = seen.measured()
    assert found["figures"] > FIGURES, where
    assert found["texts"] > TEXTS, where
    kinds = ("beyond", "empty", "unnamed", "twice", "cut", "covered")
    wrong = {kind: found[kind] for kind in kinds}
    wrong["faint"] = [one for one in found["contrast"] if one["ratio"] < CONTRAST]
    wrong["tiny"] = [one for one in found["sizes"] if one["pixels"] < SMALLEST]
    assert not any(wrong.values()), (
        f"{where}: { {kind: what for kind, what in wrong.items() if what} }"
    )


def test_a_round_is_chosen_by_keyboard_without_a_script(browser: Browser, pages: Path) -> None:
    with browser.new_context(java_script_enabled=False) as opened:
        seen = Seen(opened, pages / "rounds.html")
        shown = seen.page.locator("#moved .panel:visible")
        assert shown.count() == 1
        before = shown.inner_text()
        seen.page.locator("#moved input:checked").focus()
        seen.page.keyboard.press("ArrowLeft")
        assert shown.count() == 1
        assert shown.inner_text() != before


def test_paper_shows_every_round_and_every_table(browser: Browser, pages: Path) -> None:
    with browser.new_context(java_script_enabled=False) as opened:
        seen = Seen(opened, pages / "rounds.html")
        seen.page.emulate_media(media="print", color_scheme="dark")
        panels = seen.page.locator(".choice > .panel")
        assert panels.count() == 6
        assert all(panel.is_visible() for panel in panels.all())
        assert seen.page.locator("nav").is_hidden()
        assert seen.page.evaluate(
            "getComputedStyle(document.querySelector('section')).backgroundColor"
        ) in (
            "rgb(255, 255, 255)",
            "rgba(0, 0, 0, 0)",
        )
        assert seen.page.pdf().startswith(b"%PDF")


FIGURE = "<svg viewBox='0 0 90 9' width='90' role='img'><title>a</title>{}</svg>"


@pytest.mark.parametrize(
    ("planted", "finding"),
    [
        ("<div style='width: 3000px'>wide</div>", "beyond"),
        (FIGURE.format("<text x='80' y='8'>cut off</text>"), "cut"),
        (FIGURE.format("<text y='8'>one</text><text x='4' y='8'>two</text>"), "covered"),
        ("<svg width='0' height='0' role='img'><title>a</title></svg>", "empty"),
        ("<svg width='9' height='9' role='img'></svg>", "unnamed"),
    ],
)
def test_what_is_wrong_is_found(
    planted: str, finding: str, browser: Browser, pages: Path, tmp_path: Path
) -> None:
    spoilt = tmp_path / "spoilt.html"
    text = (pages / "rounds.html").read_text("utf-8")
    spoilt.write_text(text.replace("</main>", f"{planted}</main>"), "utf-8")
    with browser.new_context(java_script_enabled=False) as opened:
        assert Seen(opened, spoilt).measured()[finding] != []


def test_a_faint_text_and_a_request_are_found(
    browser: Browser, pages: Path, tmp_path: Path
) -> None:
    spoilt = tmp_path / "spoilt.html"
    text = (pages / "rounds.html").read_text("utf-8")
    policy = text.index('<meta http-equiv="Content-Security-Policy"')
    text = text[:policy] + text[text.index(">", policy) + 1 :]
    planted = "<p style='color: #aaa'>faint</p><img src='https://example.org/x.png' alt=''>"
    spoilt.write_text(text.replace("</main>", f"{planted}</main>"), "utf-8")
    with browser.new_context(java_script_enabled=False) as opened:
        seen = Seen(opened, spoilt)
        assert [one["text"] for one in seen.measured()["contrast"] if one["ratio"] < CONTRAST] == [
            "faint"
        ]
        assert "https://example.org/x.png" in seen.requests
        assert json.dumps(seen.complaints) != "[]"

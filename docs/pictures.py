"""The pictures of the documentation, from a report: `python docs/pictures.py REPORT.html`."""

import sys
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

Box = tuple[float, float, float, float]
IMAGES = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"
# Sections that the tutorial shows, whole or down to the first of something.
SECTIONS = {"happened": None, "quality": None, "moved": None, "contest": "svg", "prediction": None}


def box(place: Locator) -> Box:
    """Where something stands on the page."""
    found = place.bounding_box()
    if found is None:
        raise SystemExit(f"error: the report shows no {place}; run the whole demo first")
    return found["x"], found["y"], found["width"], found["height"]


def shoot(page: Page, name: str, area: Box) -> None:
    """Take the picture of an area."""
    clip = FloatRect(x=area[0], y=area[1], width=area[2], height=area[3])
    page.screenshot(path=IMAGES / f"{name}.png", full_page=True, clip=clip)


def top(page: Page) -> None:
    """The page from its head to the quality over time."""
    _, y, _, height = box(page.locator("#quality"))
    shoot(page, "report", (0, 0, 1280, y + height + 20))


def section(page: Page, name: str, until: str | None) -> None:
    """A section by its id, whole or down to the first element of a kind."""
    place = page.locator(f"#{name}")
    x, y, width, height = box(place)
    if until:
        _, last, _, length = box(place.locator(f"{until}:visible").first)
        height = last + length + 12 - y
    shoot(page, f"report-{name}", (x, y, width, height))


def main(report: Path) -> None:
    """Take all pictures, light, as wide as a desk's screen."""
    with sync_playwright() as programs:
        browser = programs.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.goto(report.resolve().as_uri())
        top(page)
        for name, until in SECTIONS.items():
            section(page, name, until)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

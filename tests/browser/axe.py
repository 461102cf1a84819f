"""What axe-core calls a serious fault of a page, in the light theme and the dark."""

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

THEMES = ("light", "dark")


def faults(page: Page) -> list[str]:
    return [fault for theme in THEMES for fault in _faults(page, theme)]


def _faults(page: Page, theme: str) -> list[str]:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    found = Axe().run(page, options={"resultTypes": ["violations"]})["violations"]
    return [
        f"{theme}: {fault['id']}: {node['html'][:120]} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]

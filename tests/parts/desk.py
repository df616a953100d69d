"""The process editor as an analyst handles it, for tests in a browser."""

from __future__ import annotations

from typing import Any

_MIDDLE = """(id) => {
  const hit = document.querySelector(`.djs-element[data-element-id="${id}"] .djs-hit`);
  if (hit.getTotalLength && hit.tagName !== 'rect') {
    const half = hit.getPointAtLength(hit.getTotalLength() / 2).matrixTransform(hit.getScreenCTM());
    return [half.x, half.y];
  }
  const box = hit.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


def open_editor(window: Any, process: str) -> None:
    """Begin or take up the draft of a process, from its page."""
    window.go(f"/workflow/processes/{process}")
    window.page.locator(".page-actions .btn-primary").click()
    window.page.locator("[data-editor][data-ready]").wait_for()


class Desk:
    """The editor of a draft, open in a window that speaks Chinese."""

    def __init__(self, window: Any) -> None:
        self.window, self.page = window, window.page
        self.panel = self.page.locator("[data-panel]")
        self.page.locator("[data-editor][data-ready]").wait_for()

    def palette(self, entry: str, x: int, y: int) -> None:
        """Take something from the palette to a place of the canvas."""
        self.page.locator(f'.djs-palette [data-action="{entry}"]').click()
        box = self.page.locator("[data-canvas]").bounding_box()
        self.page.mouse.move(box["x"] + x - 5, box["y"] + y - 5)
        self.page.mouse.move(box["x"] + x, box["y"] + y)
        self.page.mouse.click(box["x"] + x, box["y"] + y)
        self.page.keyboard.press("Escape")

    def append(self, entry: str, name: str) -> str:
        """Put the next element after what is selected, and name it; its id."""
        self.page.locator(f'.djs-context-pad [data-action="append.{entry}"]').click()
        self.page.keyboard.press("Escape")
        return self.call(name)

    def append_step(self, verb: str, name: str) -> str:
        """Put a step of the platform after what is selected, found by its verb; its id."""
        self.page.locator('.djs-context-pad [data-action="append"]').click()
        self.page.locator(".djs-popup-search input").fill(verb)
        self.page.locator(f'.djs-popup [data-id="verb-{verb}"]').click()
        return self.call(name)

    def append_question(self, name: str, role: str, within: str = "") -> str:
        """Put somebody's work after what is selected; its id."""
        self.append("append-task", name)
        self.panel.get_by_role("button", name="人工办理").click()
        self.choose("办理岗位", role)
        if within:
            self.panel.get_by_label("办理时限", exact=True).fill(within)
        return self.call(name)

    def select(self, element: str) -> None:
        """A click in the middle of a shape, or half way along a flow."""
        self.page.keyboard.press("Escape")
        x, y = self.page.evaluate(_MIDDLE, element)
        self.page.mouse.click(x, y)
        self.panel.get_by_text(element, exact=True).wait_for()

    def call(self, name: str) -> str:
        """Name what is selected; its id."""
        self.panel.get_by_label("名称", exact=True).fill(name)
        self.panel.get_by_label("名称", exact=True).press("Tab")
        return str(self.panel.locator(".panel-section .code").first.inner_text())

    def choose(self, label: str, value: str) -> None:
        self.panel.get_by_label(label, exact=True).select_option(value)

    def flows(self) -> list[str]:
        """The ids of all flows, in the order in which they were drawn."""
        found: list[str] = self.page.evaluate(
            "() => [...document.querySelectorAll('.djs-connection')].map((each) => each.dataset.elementId)"
        )
        return found

    def write_cases(self, text: str, count: int) -> None:
        """Write the cases anew and see all of them pass."""
        self.tab("用例")
        self.page.get_by_role("textbox", name="用例").fill(text)
        self.page.get_by_role("button", name="运行用例").click()
        self.page.locator(".cases-results").get_by_text(f"运行了 {count} 个用例，0 个不符").wait_for()

    def submit(self, note: str) -> None:
        """Ask for publication; leads to the page of the process."""
        self.page.get_by_role("button", name="提交复核").click()
        self.page.locator("dialog[open] textarea").fill(note)
        self.page.get_by_role("button", name="提交", exact=True).click()
        self.page.wait_for_url(lambda url: not url.endswith("/edit"))

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def saved(self) -> None:
        self.page.locator("[data-saved][data-tone=success]").wait_for()

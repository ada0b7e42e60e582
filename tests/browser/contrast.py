"""What of a page cannot be read or reached: contrast as it is painted, and what axe-core finds."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
#: What has text of its own within an element, with its contrast against what is painted behind it.
RATIOS = r"""elements => {
  const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const painted = (color) => {
    ink.clearRect(0, 0, 1, 1);
    ink.fillStyle = color;
    ink.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = ink.getImageData(0, 0, 1, 1).data;
    return { color: [red, green, blue], alpha: alpha / 255 };
  };
  const over = (color, alpha, ground) => ground.map((value, i) => alpha * color[i] + (1 - alpha) * value);
  const above = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const luminance = (color) =>
    color
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (element) => {
    const chain = [];
    for (let each = element; each; each = above(each)) chain.unshift(getComputedStyle(each));
    let ground = [255, 255, 255];
    let opacity = 1;
    for (const style of chain) {
      opacity *= Number(style.opacity);
      const { color, alpha } = painted(style.backgroundColor);
      ground = over(color, alpha * opacity, ground);
    }
    const own = painted(getComputedStyle(element).color);
    const [low, high] = [ground, over(own.color, own.alpha * opacity, ground)].map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const found = [];
  for (const root of elements) {
    for (const element of [root, ...root.querySelectorAll("*")]) {
      const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("").trim();
      if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
      const style = getComputedStyle(element);
      const size = parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      found.push({ text: text.slice(0, 60), ratio: ratio(element), least: isLarge ? 3 : 4.5 });
    }
  }
  return found;
}"""


def ratios(page: Any, selector: str) -> list[dict[str, Any]]:
    """Every text within the elements that match, wherever they are; there has to be some."""
    found = page.locator(selector).evaluate_all(RATIOS)
    assert found, f"no text within {selector}"
    return found


def check(page: Any, selector: str, *, within: str | None = None) -> float:
    """Fail for what is below AA; return the lowest contrast.

    `within` are the elements that axe-core looks at, where those that match stand in a shadow root.
    """
    found = ratios(page, selector)
    low = [(item["text"], round(item["ratio"], 2)) for item in found if item["ratio"] < item["least"]]
    assert not low, low
    violations = Axe().run(page, within or selector, options=RULES).response["violations"]
    broken = [
        (item["id"], node["html"], node["failureSummary"]) for item in violations for node in item["nodes"]
    ]
    assert not broken, broken
    return min(item["ratio"] for item in found)

"""The view of `mc.interact` with nobody behind it: what it says of a kernel that is gone."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.sync_api import expect

GONE = "the kernel was restarted, or is gone: run the cell again"
SILENT = "no answer: the kernel is busy, or was restarted; then run the cell again"
MODEL = """async ([code, send]) => {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const { render } = (await import(url)).default;
  const traits = {
    name: "f",
    controls: [{ name: "n", label: "n", kind: "slider", low: 1, high: 9, step: 1, digits: 0, whole: true }],
    state: null,
  };
  const listeners = {};
  window.sent = [];
  window.tell = (event, ...values) => (listeners[event] ?? []).forEach((listener) => listener(...values));
  const model = {
    get: (name) => traits[name],
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    off() {},
    send(message) {
      window.sent.push(message);
      if (send === "throws") throw new Error("Cannot send");
      if (send === "rejects") return Promise.reject(new Error("404"));
    },
  };
  render({ model, el: document.body });
}"""


def show(page, send: str):
    """A widget whose messages go nowhere; its slider was moved."""
    page.goto("about:blank")
    page.evaluate(MODEL, [files("mojocell.widgets").joinpath("interact.js").read_text("utf-8"), send])
    page.get_by_role("slider").fill("3")
    return page.get_by_role("status")


@pytest.mark.parametrize("send", ["throws", "rejects"])
def test_a_message_that_cannot_be_sent_is_told(page, send: str) -> None:
    status = show(page, send)
    expect(status).to_have_text(GONE)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    page.get_by_role("slider").fill("4")
    expect(status).to_have_text(GONE)
    assert [message["values"] for message in page.evaluate("window.sent")] == [{"n": 3}, {"n": 4}]


def test_a_way_that_is_closed_is_told(page) -> None:
    status = show(page, "nowhere")
    expect(status).to_have_text("running…")
    page.evaluate("window.tell('comm_live_update')")
    expect(status).to_have_text(GONE)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


def test_silence_is_told_until_somebody_has_heard(page) -> None:
    status = show(page, "nowhere")
    expect(status).to_have_text(SILENT)
    page.evaluate("window.tell('msg:custom', { type: 'heard', view: window.sent[0].view })")
    expect(status).to_have_text("running…")
    page.get_by_role("button", name="Stop").click()
    expect(status).to_have_text(SILENT)

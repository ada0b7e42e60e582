// The view of `interact`: controls, and the newest result beside them.
//
// One call is under way at a time. What changes meanwhile is kept, and only the newest of it is asked for when the
// answer comes; where a call takes long, at once, and the other side decides what to give up.

const SLOW = 150; // ms after which a call shows that it is going on
const SILENT = 5000; // ms without any word from the other side
const GONE = "the kernel was restarted, or is gone: run the cell again";
const UNHEARD = "no answer: the kernel is busy, or was restarted; then run the cell again";
let views = 0;

// --- small helpers ---------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== null) element.textContent = text;
  return element;
}

// Bytes of a message, in whatever a front end brings them.
function bytes(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

const floats = (data) => new Float64Array(bytes(data).slice().buffer);

function short(number) {
  if (number === 0 || (Math.abs(number) >= 1e-3 && Math.abs(number) < 1e6)) return String(Number(number.toPrecision(6)));
  return number.toExponential(2);
}

function seconds(value) {
  if (value < 1e-3) return `${Math.max(1, Math.round(value * 1e6))} µs`;
  return value < 1 ? `${short(Number((value * 1e3).toPrecision(3)))} ms` : `${Number(value.toPrecision(3))} s`;
}

// Round numbers from low to high, some four of them.
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) {
    found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  }
  return found;
}

// --- controls --------------------------------------------------------------------------------------

// Each gives its element, and how its value is read, set and put into words.
const CONTROLS = {
  slider(spec, id) {
    const input = make("input", { type: "range", id, min: spec.low, max: spec.high, step: spec.step });
    const shown = make("output", { for: id, "aria-hidden": "true" });
    const text = (value) => (spec.whole ? String(value) : Number(value).toFixed(spec.digits));
    const show = () => {
      shown.textContent = text(input.valueAsNumber);
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", show);
    return {
      parts: [input, shown],
      input,
      event: "input",
      get: () => input.valueAsNumber,
      set(value) {
        input.value = value;
        show();
      },
    };
  },
  number(spec, id) {
    const input = make("input", {
      type: "number",
      id,
      min: spec.low,
      max: spec.high,
      step: spec.whole ? 1 : "any",
      required: true,
    });
    return {
      parts: [input],
      input,
      event: "input",
      get: () => input.valueAsNumber,
      set: (value) => (input.value = value),
    };
  },
  choice(spec, id) {
    const input = make("select", { id }, ...spec.options.map((name, at) => make("option", { value: at }, name)));
    return {
      parts: [input],
      input,
      event: "change",
      get: () => input.selectedIndex,
      set: (value) => (input.selectedIndex = value),
    };
  },
  checkbox(_spec, id) {
    const input = make("input", { type: "checkbox", id });
    return {
      parts: [input],
      input,
      event: "change",
      get: () => input.checked,
      set: (value) => (input.checked = value),
    };
  },
  text(spec, id) {
    const input = spec.lines ? make("textarea", { id, rows: 4 }) : make("input", { type: "text", id, spellcheck: "false" });
    return {
      parts: [input],
      input,
      event: "input",
      get: () => input.value,
      set: (value) => (input.value = value),
    };
  },
};

// --- results ---------------------------------------------------------------------------------------

const RESULTS = {
  none: () => [],
  text: (result) => [make("pre", { class: "mojocell-text" }, result.text)],

  table(result) {
    const rows = result.rows.map((row) =>
      make(
        "tr",
        {},
        ...row.map((cell) => make("td", /^[-+]?[\d.]+(e[-+]?\d+)?$/.test(cell) ? { class: "mojocell-digits" } : {}, cell)),
      ),
    );
    const table = make("table", {}, make("caption", { class: "mojocell-said" }, result.summary));
    if (result.columns) {
      table.append(make("thead", {}, make("tr", {}, ...result.columns.map((name) => make("th", { scope: "col" }, name)))));
    }
    table.append(make("tbody", {}, ...rows));
    const box = make("div", { class: "mojocell-scroll", tabindex: 0, role: "group", "aria-label": result.summary }, table);
    const more = result.count - result.rows.length;
    return more > 0 ? [box, make("p", { class: "mojocell-more" }, `… and ${more.toLocaleString("en")} more rows`)] : [box];
  },

  line(result) {
    const [width, height, left, right, top, bottom] = [560, 260, 64, 10, 10, 22];
    const span = result.high > result.low ? result.high - result.low : 1;
    const low = result.high > result.low ? result.low : result.low - 0.5;
    const x = (at) => left + ((width - left - right) * at) / Math.max(1, result.count - 1);
    const y = (value) => height - bottom - ((height - top - bottom) * (value - low)) / span;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": result.summary });
    for (const value of ticks(low, low + span)) {
      svg.append(draw("line", { class: "mojocell-grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
      svg.append(draw("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, short(value)));
    }
    for (const [at, anchor] of [
      [0, "start"],
      [result.count - 1, "end"],
    ]) {
      svg.append(draw("text", { x: x(at), y: height - 5, "text-anchor": anchor }, String(at)));
    }
    result.lines.forEach((line, number) => {
      const [xs, ys] = [floats(line.xs), floats(line.ys)];
      let path = "";
      let pen = "M";
      for (let i = 0; i < xs.length; i++) {
        if (Number.isFinite(ys[i])) {
          path += `${pen}${x(xs[i]).toFixed(1)},${y(ys[i]).toFixed(1)}`;
          pen = "L";
        } else {
          pen = "M";
        }
      }
      svg.append(draw("path", { class: `mojocell-line mojocell-line-${number % 6}`, d: path }));
    });
    const names = result.lines.filter((line) => line.name);
    if (names.length === 0) return [svg];
    const legend = names.map((line, number) => make("li", { class: `mojocell-key-${number % 6}` }, line.name));
    return [svg, make("ul", { class: "mojocell-legend" }, ...legend)];
  },

  image(result) {
    const canvas = make("canvas", { width: result.width, height: result.height, role: "img", "aria-label": result.summary });
    const context = canvas.getContext("2d");
    const image = context.createImageData(result.width, result.height);
    const from = bytes(result.pixels);
    const to = image.data;
    const step = result.channels;
    if (step === 4) {
      to.set(from);
    } else {
      for (let i = 0, o = 0; o < to.length; i += step, o += 4) {
        to[o] = from[i];
        to[o + 1] = step === 1 ? from[i] : from[i + 1];
        to[o + 2] = step === 1 ? from[i] : from[i + 2];
        to[o + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    return [canvas];
  },

  picture(result, keep) {
    const url = URL.createObjectURL(new Blob([bytes(result.data)], { type: result.mime }));
    keep(() => URL.revokeObjectURL(url));
    return [make("img", { src: url, alt: result.summary })];
  },

  html(result) {
    const box = make("div", { class: "mojocell-scroll", tabindex: 0, role: "group", "aria-label": result.summary });
    box.innerHTML = result.html;
    return [box];
  },
};

// --- themes ----------------------------------------------------------------------------------------

// Every front end has its own word for a dark theme; what all have in common is that text is light then.
function followTheme(root, signal) {
  const ink = make("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const look = () => {
    // Painted, because a computed colour may be in any notation.
    ink.fillStyle = getComputedStyle(root.parentElement ?? root).color;
    ink.fillRect(0, 0, 1, 1);
    const [red, green, blue] = ink.getImageData(0, 0, 1, 1).data;
    root.dataset.theme = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "dark" : "light";
  };
  const observer = new MutationObserver(() => requestAnimationFrame(look));
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: ["class", "style", "data-theme", "data-jp-theme-light"] });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", look, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  requestAnimationFrame(look);
}

// --- the view --------------------------------------------------------------------------------------

function render({ model, el }) {
  const ended = new AbortController();
  const view = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${++views}`;
  const name = model.get("name");

  const stop = make("button", { type: "button", class: "mojocell-stop", hidden: true }, "Stop");
  const status = make("span", { class: "mojocell-status", role: "status" });
  const error = make("div", { class: "mojocell-error", role: "alert" });
  const result = make("div", { class: "mojocell-result" });
  const printed = make("pre", { class: "mojocell-printed", tabindex: 0, "aria-label": "printed", hidden: true });
  const form = make("form", { class: "mojocell-controls", autocomplete: "off" });
  const root = make(
    // JupyterLab would take arrows, Home and End for its own.
    "div",
    { class: "mojocell-interact", role: "group", "aria-label": name, "data-lm-suppress-shortcuts": "true" },
    form,
    make("div", { class: "mojocell-outcome" }, result, error, printed, make("p", { class: "mojocell-line-of" }, status, stop)),
  );
  form.addEventListener("submit", (event) => event.preventDefault());

  const controls = model.get("controls").map((spec, at) => {
    const id = `mojocell-${view}-${at}`;
    const control = CONTROLS[spec.kind](spec, id);
    control.input.setAttribute("name", spec.name);
    control.input.setAttribute("data-lm-suppress-shortcuts", "true");
    form.append(make("label", { for: id }, spec.label), make("span", { class: `mojocell-${spec.kind}` }, ...control.parts));
    control.input.addEventListener(control.event, () => changed());
    return { name: spec.name, ...control };
  });
  for (const type of ["keydown", "keypress", "keyup"]) {
    root.addEventListener(type, (event) => event.stopPropagation());
  }

  // --- asking ---

  let number = 0; // of the newest call that was asked for
  let underWay = null; // the number that is waited for
  let since = 0;
  let newer = false; // whether something changed after it was asked for
  let timer = null;
  let silence = null;

  const isValid = () => controls.every((control) => control.input.checkValidity());
  const values = () => Object.fromEntries(controls.map((control) => [control.name, control.get()]));

  function changed() {
    if (!isValid()) {
      const wrong = controls.find((control) => !control.input.checkValidity());
      wrong.input.setAttribute("aria-invalid", "true");
      status.textContent = `${wrong.name}: ${wrong.input.validationMessage}`;
      return;
    }
    for (const control of controls) control.input.removeAttribute("aria-invalid");
    newer = true;
    if (underWay === null || performance.now() - since >= SLOW) ask();
  }

  function ask() {
    newer = false;
    if (underWay === null) {
      since = performance.now();
      timer = setTimeout(showBusy, SLOW);
    }
    underWay = ++number;
    send({ type: "call", view, number, values: values() });
  }

  // A kernel that is gone closes the way there, refuses the message, or says nothing.
  async function send(message) {
    clearTimeout(silence);
    silence = setTimeout(() => (status.textContent = UNHEARD), SILENT);
    try {
      await model.send(message);
    } catch {
      showGone();
    }
  }

  function heard(message) {
    if (message?.type !== "heard" || message.view !== view) return;
    clearTimeout(silence);
    if (status.textContent === UNHEARD) status.textContent = "running…";
  }

  function showGone() {
    newer = false;
    showIdle();
    status.textContent = GONE;
  }

  function showBusy() {
    if (newer) ask();
    root.dataset.busy = "true";
    result.setAttribute("aria-busy", "true");
    status.textContent = "running…";
    stop.hidden = false;
  }

  function showIdle() {
    clearTimeout(timer);
    clearTimeout(silence);
    underWay = null;
    delete root.dataset.busy;
    result.removeAttribute("aria-busy");
    if (!stop.hidden) {
      const hadFocus = stop.matches(":focus");
      stop.hidden = true;
      if (hadFocus) controls[0]?.input.focus();
    }
  }

  stop.addEventListener("click", () => {
    newer = false;
    status.textContent = "stopping…";
    send({ type: "stop" });
  });

  // --- showing ---

  let release = () => {};

  function show() {
    const state = model.get("state");
    if (!state || !state.result) return;
    const isMine = state.view === view;
    if (isMine && state.number === underWay) showIdle();
    if (!isMine && underWay === null) {
      for (const control of controls) {
        if (state.values?.[control.name] !== undefined) control.set(state.values[control.name]);
      }
    }
    release();
    const freeing = [];
    release = () => freeing.forEach((free) => free());
    result.replaceChildren(...RESULTS[state.result.kind](state.result, (free) => freeing.push(free)));
    printed.textContent = state.printed;
    printed.hidden = !state.printed;
    if (state.status === "failed") {
      error.replaceChildren(make("strong", {}, state.error.name), make("pre", { tabindex: 0 }, state.error.text));
    } else {
      error.replaceChildren();
    }
    root.dataset.status = state.status;
    if (underWay === null) tell(state);
    if (model.get("reactive") && model.get("seen") !== state.count) {
      model.set("seen", state.count);
      model.save_changes();
    }
    if (isMine && underWay === null && newer) ask();
  }

  function tell(state) {
    const took = seconds(state.seconds);
    if (state.status !== "ready") {
      status.textContent = `${state.status} · ${took}`;
    } else if (state.result.kind === "text") {
      // What is to be seen above is said here for those who hear it.
      status.replaceChildren(make("span", { class: "mojocell-said" }, state.result.summary), took);
    } else {
      status.textContent = [state.result.summary, took].filter(Boolean).join(" · ");
    }
  }

  const first = model.get("state");
  for (const control of controls) {
    if (first?.values?.[control.name] !== undefined) control.set(first.values[control.name]);
  }
  model.on("change:state", show);
  model.on("msg:custom", heard);
  model.on("comm_live_update", showGone);
  el.append(root);
  followTheme(root, ended.signal);
  show();
  return () => {
    model.off("change:state", show);
    model.off("msg:custom", heard);
    model.off("comm_live_update", showGone);
    ended.abort();
    clearTimeout(timer);
    clearTimeout(silence);
    release();
  };
}

export default { render };

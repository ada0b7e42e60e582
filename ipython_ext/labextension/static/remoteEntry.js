// The extension of JupyterLab 4 and Notebook 7: %%mojo cells, and those of the kernel of Mojo, have Mojo's words in
// colour and, while one types and after a run, what is wrong underlined, with the repair of the cell where one is known;
// a button lays them out, and they are compiled ahead. Plain JavaScript in the form that the module loader expects, so
// that nothing has to be built: JupyterLab's own packages come from its share scope.
(() => {
  const NAME = "mojocell";
  const TARGET = "mojocell.diagnostics";
  const IS_MOJO = /^(?:[ \t]*\n)*%%mojo(?![\w.])/;
  const HAS_MAGIC = /^\s*%%/;
  const HEAD = 400; // characters in which a magic is looked for
  const MIME = "text/x-mojo"; // the kernel of Mojo says so of its cells

  let scope = null;

  async function load(name) {
    const versions = scope[name];
    return (await versions[Object.keys(versions)[0]].get())();
  }

  const headOf = (document) => document.sliceString(0, HEAD);
  const isPlain = (model) => model.type === "code" && model.mimeType === MIME;
  // What is Mojo in the end, below lines of Python, knows the kernel.
  const isMojo = (head, model) => IS_MOJO.test(head) || (isPlain(model) && !HAS_MAGIC.test(head));

  // --- highlighting --------------------------------------------------------------------------------

  const words = (text) => new Set(text.trim().split(/\s+/));
  const KEYWORDS = words(`
    and as assert async await break comptime continue def deinit del elif else except finally fn for from global if
    import in is lambda mut nonlocal not or out owned pass raise raises read ref return struct trait try var where
    while with yield alias __extension __mlir_op __mlir_attr __mlir_type
  `);
  const ATOMS = words("True False None Self self");
  const BUILTINS = words(`
    abs all any bitcast breakpoint debug_assert divmod enumerate hash hex input int iter len map materialize max min
    next oct ord pow print range rebind repr reversed round slice sort sum swap type_of zip abort constrained
  `);
  const TYPES = words("int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 bool");
  const DEFINES = words("def fn struct trait comptime alias");
  const NUMBER = /^(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/;
  const STRING = /^[rRtTfFbB]{0,2}("""|'''|"|')/;

  // One line at a time; `quote` is what ends the string that a line begins in, `defines` whether a name follows.
  const tokenizer = {
    name: "mojo",
    startState: () => ({ quote: null, raw: false, defines: false, indent: 0, opens: false }),
    copyState: (state) => ({ ...state }),
    blankLine() {},
    token(stream, state) {
      if (stream.sol() && !state.quote) {
        state.indent = stream.indentation();
        state.opens = false;
      }
      if (state.quote) return inString(stream, state);
      if (stream.eatSpace()) return null;
      if (stream.sol() && stream.match(/^%%\w+.*|^[%!]\w+/)) return "meta";
      if (stream.match(/^#.*/)) return "comment";
      const opening = stream.match(STRING);
      if (opening) {
        state.opens = false;
        state.quote = opening[1];
        state.raw = /^[rR]|^.[rR]/.test(opening[0]) && !/^["']/.test(opening[0]);
        return inString(stream, state);
      }
      if (stream.match(/^@[\w.]+/)) return "meta";
      if (stream.match(NUMBER)) return "number";
      const name = stream.match(/^[A-Za-z_]\w*|^`[^`]*`/);
      if (name) return nameToken(stream, state, name[0]);
      const sign = stream.next();
      state.opens = sign === ":";
      return /[-+*/%&|^~<>=!@]/.test(sign) ? "operator" : null;
    },
    indent(state, after, context) {
      if (state.quote) return null;
      const dedents = /^\s*(?:else|elif|except|finally)\b/.test(after);
      return state.indent + (state.opens ? context.unit : 0) - (dedents && !state.opens ? context.unit : 0);
    },
    languageData: {
      commentTokens: { line: "#" },
      closeBrackets: { brackets: ["(", "[", "{", "'", '"', "'''", '"""'] },
      indentOnInput: /^\s*(?:else:|elif |except|finally:)$/,
    },
  };

  function inString(stream, state) {
    while (!stream.eol()) {
      if (stream.match(state.quote)) {
        state.quote = null;
        return "string";
      }
      if (stream.next() === "\\" && !state.raw) stream.next();
    }
    if (state.quote.length === 1) state.quote = null; // only triple quotes span lines
    return "string";
  }

  function nameToken(stream, state, name) {
    state.opens = false;
    if (state.defines) {
      state.defines = false;
      return "def";
    }
    if (KEYWORDS.has(name)) {
      state.defines = DEFINES.has(name) && stream.match(/^\s+[A-Za-z_`]/, false);
      return "keyword";
    }
    if (ATOMS.has(name)) return "atom";
    if (TYPES.has(name) || /^[A-Z]/.test(name)) return "variableName.special";
    if (BUILTINS.has(name) && stream.match(/^\s*[([]/, false)) return "variableName.standard";
    return "variableName";
  }

  // --- diagnostics ---------------------------------------------------------------------------------

  // Where a diagnostic stands in a document; its columns count characters, the document's positions UTF-16 units.
  function range(document, item) {
    if (!(item.line >= 1) || item.line > document.lines) return null;
    const line = document.line(item.line);
    const offset = (column) => [...line.text].slice(0, Math.max(0, column - 1)).join("").length;
    const indent = line.text.length - line.text.trimStart().length;
    const from = line.from + (item.column ? Math.min(offset(item.column), line.length) : indent);
    const isOneLine = item.end_line === null || item.end_line === item.line;
    let to = item.end_column && isOneLine ? line.from + offset(item.end_column) : from;
    if (to <= from) to = from + (/^\w+/.exec(line.text.slice(from - line.from))?.[0].length ?? 1);
    to = Math.min(to, line.to);
    return to > from ? { from, to } : { from: Math.max(line.from, line.to - 1), to: line.to };
  }

  const KEYS = { next: "F8", previous: "Shift-F8", repair: "Mod-." };
  const REPAIR = /Mac/.test(navigator.platform) ? "⌘." : "Ctrl+.";

  const saying = (items) =>
    items.map(({ kind, line, message }) => `${kind}, line ${line}: ${message}`).join("; ");

  // What a screen reader says after a run.
  function summary(placed, fix) {
    if (placed.length === 0) return "";
    const many = placed.length > 1 ? `${placed.length} remarks, the first: ` : "";
    const repair = fix === null ? "" : `, ${REPAIR} repairs the cell`;
    return `${many}${saying([placed[0].item])}. F8 goes there${repair}.`;
  }

  // The one change that makes the new text of the old.
  function difference(old, text) {
    const most = Math.min(old.length, text.length);
    let from = 0;
    while (from < most && old[from] === text[from]) from++;
    let end = 0;
    while (end < most - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
    return { from, to: old.length - end, insert: text.slice(from, text.length - end) };
  }

  function diagnosticsExtension(view, state) {
    const set = state.StateEffect.define();
    const point = state.StateEffect.define(); // at what stands at a position
    const announce = (text) => view.EditorView.announce.of(text);

    class Repair extends view.WidgetType {
      eq() {
        return true;
      }
      toDOM(editor) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "mojocell-button mojocell-repair";
        button.textContent = "Repair";
        button.title = `Write the repaired cell here (${REPAIR})`;
        button.addEventListener("mousedown", (event) => event.preventDefault());
        button.addEventListener("click", () => repair(editor));
        return button;
      }
    }

    const none = { placed: [], fix: null, pointed: null, decorations: view.Decoration.none };
    const marks = (document, { items, fix }) => {
      const placed = items
        .map((item) => ({ item, ...range(document, item) }))
        .filter((place) => place.to > place.from)
        .sort((a, b) => a.from - b.from || a.to - b.to);
      const made = placed.map(({ item, from, to }) =>
        view.Decoration.mark({ class: `mojocell-diagnostic mojocell-${item.kind}` }).range(from, to),
      );
      if (fix !== null && placed.length > 0) {
        const end = document.lineAt(placed[0].from).to;
        made.push(view.Decoration.widget({ widget: new Repair(), side: 1 }).range(end));
      }
      return { placed, fix, pointed: null, decorations: view.Decoration.set(made, true) };
    };
    const field = state.StateField.define({
      create: () => none,
      update(value, transaction) {
        for (const effect of transaction.effects) {
          if (effect.is(set)) return marks(transaction.newDoc, effect.value);
          if (effect.is(point)) return { ...value, pointed: effect.value };
        }
        if (transaction.docChanged) return none; // what was edited is not what was compiled
        return value.pointed !== null && transaction.selection ? { ...value, pointed: null } : value;
      },
      provide: (own) => [
        view.EditorView.decorations.from(own, (value) => value.decorations),
        view.showTooltip.from(own, (value) => value.pointed !== null && tooltipAt(value.placed, value.pointed, true)),
      ],
    });

    function tooltipAt(placed, position, isPointed) {
      const found = placed.filter(({ from, to }) => from <= position && position <= to);
      if (found.length === 0) return null;
      const create = () => {
        const dom = document.createElement("div");
        dom.className = isPointed ? "mojocell-tooltip mojocell-pointed" : "mojocell-tooltip";
        for (const { item } of found) {
          const line = document.createElement("div");
          const kind = document.createElement("strong");
          kind.textContent = item.kind;
          line.append(kind, `: ${item.message}`);
          dom.append(line);
        }
        return { dom };
      };
      return { pos: found[0].from, end: found[0].to, above: true, create };
    }

    const tooltip = view.hoverTooltip((editor, position) => {
      const { placed, pointed } = editor.state.field(field);
      return pointed === null ? tooltipAt(placed, position, false) : null;
    });

    // Goes to the next or the one before, around the ends, shows what it says and lets it be said.
    const go = (step) => (editor) => {
      const { placed } = editor.state.field(field);
      if (placed.length === 0) return false;
      const { head } = editor.state.selection.main;
      const places = [...new Set(placed.map(({ from }) => from))];
      const at =
        step > 0
          ? (places.find((from) => from > head) ?? places[0])
          : (places.findLast((from) => from < head) ?? places[places.length - 1]);
      const said = placed.filter(({ from, to }) => from <= at && at <= to).map(({ item }) => item);
      editor.dispatch({
        selection: { anchor: at },
        effects: [point.of(at), announce(saying(said))],
        scrollIntoView: true,
      });
      return true;
    };

    function repair(editor) {
      const { fix } = editor.state.field(field);
      if (fix === null) return false;
      editor.dispatch({
        changes: difference(editor.state.doc.toString(), fix),
        effects: announce("the cell is repaired; run it again"),
        scrollIntoView: true,
        userEvent: "input.repair",
      });
      editor.focus();
      return true;
    }

    const keys = view.keymap.of([
      { key: KEYS.next, run: go(1) },
      { key: KEYS.previous, run: go(-1) },
      { key: KEYS.repair, run: repair },
    ]);
    const theme = view.EditorView.baseTheme({
      ".mojocell-diagnostic": {
        textDecorationLine: "underline",
        textDecorationStyle: "wavy",
        textDecorationThickness: "1.5px",
        textUnderlineOffset: "3px",
        textDecorationSkipInk: "none",
      },
      ".mojocell-error": { textDecorationColor: "var(--jp-error-color1, #d32f2f)" },
      ".mojocell-warning": { textDecorationColor: "var(--jp-warn-color1, #f57c00)" },
      ".mojocell-note": { textDecorationColor: "var(--jp-info-color1, #0288d1)" },
      ".mojocell-button": {
        marginLeft: "2ch",
        padding: "0 1ch",
        color: "var(--jp-ui-font-color1)",
        background: "var(--jp-layout-color1)",
        border: "1px solid var(--jp-border-color1)",
        borderRadius: "3px",
        font: "var(--jp-ui-font-size1)/1.3 var(--jp-ui-font-family)",
        cursor: "pointer",
      },
      ".mojocell-tooltip": {
        padding: "4px 8px",
        maxWidth: "60ch",
        color: "var(--jp-content-font-color1)",
        background: "var(--jp-layout-color1)",
        border: "1px solid var(--jp-border-color1)",
        fontFamily: "var(--jp-ui-font-family)",
        fontSize: "var(--jp-ui-font-size1)",
      },
      "&:not(.cm-focused) .mojocell-pointed": { display: "none" },
    });
    const news = (document, answer) => {
      const { placed, fix } = marks(document, answer);
      return [set.of(answer), announce(summary(placed, fix))];
    };
    // While one types nothing is said aloud: F8 says it.
    const quietly = (answer) => set.of(answer);
    return { news, quietly, extension: [field, tooltip, state.Prec.high(keys), theme] };
  }

  // Asks the kernel for what it knows of a cell. Where nobody there knows the target, the comm is closed again.
  function ask(kernel, cell, show) {
    if (!kernel || kernel.handleComms === false) return;
    const comm = kernel.createComm(TARGET);
    comm.onMsg = ({ content: { data } }) => show({ items: data.diagnostics ?? [], fix: data.fix ?? null });
    comm.open({ cell });
  }

  // --- ahead ---------------------------------------------------------------------------------------

  const AHEAD = "mojocell.ahead";
  const PAUSE = 300; // ms in which nothing was typed
  const GATHERING = 30; // ms in which cells that are run together are scheduled

  // The cell that loads the magics may be one of those that are queued.
  const AGAIN = 250; // ms
  const ATTEMPTS = 20;
  const PATIENCE = 2000; // ms for a subshell

  // Without a subshell a kernel hears nothing while a cell runs.
  async function subshellOf(kernel, comm) {
    await kernel.info;
    if (kernel.supportsSubshells) await comm.subshellStarted;
  }

  // Tells kernels what is typed and what is queued. A kernel without the magics closes the comm; it is asked again
  // when another cell has run, which may have loaded them.
  class Ahead {
    constructor() {
      this.kernels = new WeakMap();
    }

    of(kernel) {
      let known = this.kernels.get(kernel);
      if (!known || known.comm?.isDisposed) {
        known = { comm: null, ready: false, refused: false, attempts: 0, speculate: true, unsaid: {} };
        this.kernels.set(kernel, known);
      }
      return known;
    }

    tell(kernel, said) {
      if (!kernel || kernel.handleComms === false) return;
      const known = this.of(kernel);
      Object.assign(known.unsaid, said);
      if (known.ready) this.flush(known);
      else if (!known.comm && !known.refused) this.open(kernel, known);
    }

    async open(kernel, known) {
      const comm = kernel.createComm(AHEAD);
      known.comm = comm;
      known.comm.onMsg = ({ content: { data } }) => {
        known.speculate = data.speculate;
        Object.assign(known, { ready: true, attempts: 0 });
        this.flush(known);
      };
      known.comm.onClose = () => {
        Object.assign(known, { comm: null, ready: false, refused: true });
        if (known.unsaid.queued && known.attempts++ < ATTEMPTS) setTimeout(() => this.ran(kernel), AGAIN);
      };
      await Promise.race([subshellOf(kernel, comm), new Promise((done) => setTimeout(done, PATIENCE))]);
      if (!comm.isDisposed) comm.open({});
    }

    flush(known) {
      if (!known.speculate) delete known.unsaid.typed;
      if (Object.keys(known.unsaid).length > 0) known.comm.send(known.unsaid);
      known.unsaid = {};
    }

    // A cell has run.
    ran(kernel) {
      const known = kernel && this.kernels.get(kernel);
      if (!known?.refused) return;
      known.refused = false;
      if (Object.keys(known.unsaid).length > 0) this.tell(kernel, {});
    }
  }

  const cellOf = (model) => ({ cell: model.id, text: model.sharedModel.getSource() });
  const kernelOf = (panel) => panel?.sessionContext?.session?.kernel;

  function aheadExtension(view, tracker, ahead) {
    const panelOf = (model) => tracker.find(({ content }) => content.widgets.some((cell) => cell.model === model));
    const typing = (model) => {
      let pause = null;
      return view.EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        clearTimeout(pause);
        if (!isMojo(headOf(update.state.doc), model)) return;
        pause = setTimeout(() => ahead.tell(kernelOf(panelOf(model)), { typed: cellOf(model) }), PAUSE);
      });
    };
    const gathered = new Map();
    const scheduled = (_actions, { notebook: content, cell }) => {
      if (!isMojo(cell.model.sharedModel.getSource().slice(0, HEAD), cell.model)) return;
      if (!gathered.has(content)) {
        gathered.set(content, []);
        setTimeout(() => {
          const cells = gathered.get(content);
          gathered.delete(content);
          if (cells.length > 1) ahead.tell(kernelOf(content.parent), { queued: cells.map(cellOf) });
        }, GATHERING);
      }
      gathered.get(content).push(cell.model);
    };
    // The button of the line that says how much is compiled.
    const stop = ({ target }) => {
      if (target instanceof Element && target.closest("button.mojocell-ahead-stop")) {
        ahead.tell(kernelOf(tracker.find(({ node }) => node.contains(target))), { stop: true });
      }
    };
    const style = document.createElement("style");
    style.textContent = "button.mojocell-ahead-stop[hidden] { display: inline; margin-left: 1ch; font: inherit; }";
    document.head.append(style);
    document.addEventListener("click", stop);
    return { typing, scheduled };
  }

  // --- language: what is wrong while one types, and the layout of a cell -------------------------------

  const WRITING = "mojocell.writing";
  const CHECKS = 6; // of a text that stands still
  const PAUSES = { quick: 40, whole: 120 }; // ms behind the last key; what needs no language server comes first
  const FORMAT = { key: "Shift-Alt-f", label: "Shift+Alt+F" };

  // Questions to kernels, each by one comm that stays open. A kernel where nobody knows the target closes it, and is
  // asked again after the next run, which may have loaded the extension.
  function questions() {
    const open = new WeakMap();
    let refused = new WeakSet();
    let count = 0;

    function connect(kernel) {
      const known = open.get(kernel);
      if (known && !known.comm.isDisposed) return known;
      const made = { comm: kernel.createComm(WRITING), waiting: new Map() };
      made.comm.onMsg = ({ content: { data } }) => {
        made.waiting.get(data.number)?.answered(data);
        made.waiting.delete(data.number);
      };
      made.comm.onClose = () => {
        refused.add(kernel);
        open.delete(kernel);
      };
      made.comm.open({});
      open.set(kernel, made);
      return made;
    }

    function ask(kernel, question, answered) {
      if (!kernel || kernel.handleComms === false || refused.has(kernel)) return;
      const { comm, waiting } = connect(kernel);
      const number = ++count;
      // Of texts of a cell only the newest is answered.
      const { op, cell, quick } = question;
      const isOlder = (one) => one.op === op && one.cell === cell && one.quick === quick;
      for (const [older, one] of waiting) if (isOlder(one)) waiting.delete(older);
      waiting.set(number, { op, cell, quick, answered });
      comm.send({ ...question, number });
    }
    const retry = () => {
      refused = new WeakSet();
    };
    return { ask, retry };
  }

  // `find` gives the kernel and the identity of the cell that an editor belongs to, or null; the extension is a model's.
  function writingExtension(view, state, diagnostics, find, ask) {
    const timers = new WeakMap();

    function place({ doc, selection }) {
      const line = doc.lineAt(selection.main.head);
      const before = line.text.slice(0, selection.main.head - line.from);
      return { line: line.number, column: [...before].length + 1 };
    }

    // On a machine that has much to do the language server may have no time: as long as nothing is typed it is asked anew.
    function check(editor, quick, left = CHECKS) {
      const found = find(editor);
      if (!found) return;
      const { doc } = editor.state;
      const question = { op: "check", cell: found.cell, text: doc.toString(), quick, ...place(editor.state) };
      ask(found.kernel, question, (answer) => {
        const items = answer.diagnostics ?? [];
        if (!editor.state.doc.eq(doc) || (quick && items.length === 0)) return;
        if (answer.error) {
          if (left > 1) check(editor, quick, left - 1);
          return;
        }
        editor.dispatch({ effects: diagnostics.quietly({ items, fix: answer.fix ?? null }) });
      });
    }

    const typing = (model) =>
      view.EditorView.updateListener.of((update) => {
        if (!update.docChanged || !isMojo(headOf(update.state.doc), model)) return;
        const editor = update.view;
        for (const timer of timers.get(editor) ?? []) clearTimeout(timer);
        timers.set(editor, [
          setTimeout(() => check(editor, true), PAUSES.quick),
          setTimeout(() => check(editor, false), PAUSES.whole),
        ]);
      });

    function format(editor, model) {
      const found = isMojo(headOf(editor.state.doc), model) ? find(editor) : null;
      if (!found) return false;
      const { doc } = editor.state;
      const announce = (text) => view.EditorView.announce.of(text);
      ask(found.kernel, { op: "format", cell: found.cell, text: doc.toString() }, (answer) => {
        if (!editor.state.doc.eq(doc)) return;
        if (answer.error) {
          editor.dispatch({ effects: announce(answer.error) });
          return;
        }
        found.shared.undoManager?.stopCapturing(); // what was typed just before is undone by itself
        editor.dispatch({
          changes: difference(doc.toString(), answer.text),
          effects: announce("the cell is laid out"),
          userEvent: "input.format",
        });
      });
      return true;
    }

    class Format extends view.WidgetType {
      constructor(model) {
        super();
        this.model = model;
      }
      eq(other) {
        return other.model === this.model;
      }
      toDOM(editor) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "mojocell-button mojocell-format";
        button.setAttribute("aria-label", "Format"); // no text: what stands in the line is the cell's alone
        button.title = `Lay the cell out (${FORMAT.label})`;
        button.addEventListener("mousedown", (event) => event.preventDefault());
        button.addEventListener("click", () => format(editor, this.model));
        return button;
      }
    }

    // At the end of the magic's line, or of the first one that is written.
    const buttons = (doc, model) => {
      const head = headOf(doc);
      if (!isMojo(head, model) || !head.trim()) return view.Decoration.none;
      const at = doc.lineAt((IS_MOJO.exec(head) ?? /^\s*/.exec(head))[0].length).to;
      return view.Decoration.set([view.Decoration.widget({ widget: new Format(model), side: 1 }).range(at)]);
    };
    // What the kernel is, and so a cell, is known some time after the cell is shown.
    const button = (model) =>
      state.StateField.define({
        create: ({ doc }) => buttons(doc, model),
        update: (value, { docChanged, selection, newDoc }) =>
          docChanged || selection ? buttons(newDoc, model) : value,
        provide: (own) => view.EditorView.decorations.from(own),
      });
    const theme = view.EditorView.baseTheme({
      ".mojocell-format::before": { content: '"Format"' },
      "&:not(.cm-focused) .mojocell-format": { display: "none" },
    });
    const keys = (model) => view.keymap.of([{ key: FORMAT.key, run: (editor) => format(editor, model) }]);
    return (model) => [typing(model), button(model), state.Prec.high(keys(model)), theme];
  }

  // --- the plugin ----------------------------------------------------------------------------------

  async function plugin() {
    const names = ["@jupyterlab/codemirror", "@jupyterlab/notebook", "@codemirror/language", "@codemirror/state"];
    const [codemirror, notebook, language, state, view] = await Promise.all([...names, "@codemirror/view"].map(load));
    const mojo = language.StreamLanguage.define(tokenizer);
    // In front of the notebook's language, which stays for what this one does not say.
    const highlighting = state.Prec.highest(mojo.extension);
    const diagnostics = diagnosticsExtension(view, state);
    const ahead = new Ahead();
    let typing = () => []; // until the plugin is activated
    const { ask: askWriting, retry } = questions();
    let tracker = null;
    const find = (editor) => {
      const panel = tracker?.currentWidget;
      const cell = panel?.content.widgets.find((one) => one.editor?.editor === editor);
      if (!cell) return null;
      const { id, sharedModel } = cell.model;
      return { kernel: panel.sessionContext?.session?.kernel, cell: id, shared: sharedModel };
    };
    const writing = writingExtension(view, state, diagnostics, find, askWriting);

    const editorExtension = (options) => {
      const compartment = new state.Compartment();
      const switching = state.EditorState.transactionExtender.of((transaction) => {
        if (!transaction.docChanged) return null;
        const now = IS_MOJO.test(headOf(transaction.newDoc));
        if (now === IS_MOJO.test(headOf(transaction.startState.doc))) return null;
        return { effects: compartment.reconfigure(now ? highlighting : []) };
      });
      const begins = IS_MOJO.test(options.model.sharedModel.getSource().slice(0, HEAD));
      return codemirror.EditorExtensionRegistry.createImmutableExtension([
        compartment.of(begins ? highlighting : []),
        switching,
        diagnostics.extension,
        typing(options.model),
        writing(options.model),
      ]);
    };

    const afterRun = (_actions, { notebook: panel, cell }) => {
      ahead.ran(kernelOf(panel.parent));
      retry();
      const editor = cell.editor?.editor;
      if (!editor || !(isMojo(headOf(editor.state.doc), cell.model) || isPlain(cell.model))) return;
      const ran = editor.state.doc;
      ask(kernelOf(panel.parent), cell.model.id, (answer) => {
        if (editor.state.doc.eq(ran)) editor.dispatch({ effects: diagnostics.news(ran, answer) });
      });
    };

    return {
      id: `${NAME}:plugin`,
      description: "Mojo in %%mojo cells, in notebooks of its own kernel, and in .mojo files.",
      autoStart: true,
      requires: [
        codemirror.IEditorExtensionRegistry,
        codemirror.IEditorLanguageRegistry,
        notebook.INotebookTracker,
      ],
      activate: (_app, registry, languages, notebooks) => {
        tracker = notebooks;
        const before = aheadExtension(view, notebooks, ahead);
        typing = before.typing;
        notebook.NotebookActions.executionScheduled.connect(before.scheduled);
        registry.addExtension({ name: NAME, factory: editorExtension });
        languages.addLanguage({
          name: "mojo",
          displayName: "Mojo",
          mime: "text/x-mojo",
          extensions: ["mojo"],
          support: new language.LanguageSupport(mojo),
        });
        notebook.NotebookActions.executed.connect(afterRun);
      },
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB[NAME] = {
    init: (shared) => {
      scope = shared;
    },
    get: async () => {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    },
  };
})();

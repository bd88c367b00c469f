/* The editor's tools: one row of buttons that arrow keys walk through, and the questions that some of them ask. */
const _ = window.gettext ?? ((text) => text);

const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

/* Asks in a dialog; `fields` are [name, label, attributes]. The answers, or null where it was closed. */
export function ask(title, fields, extra) {
  return new Promise((resolve) => {
    const form = make("form", { method: "dialog" });
    const heading = make("h2", { textContent: title, id: "editor-dialog-title" });
    form.append(heading);
    for (const [name, label, attributes = {}] of fields) {
      const input = make(attributes.rows ? "textarea" : "input", { name, ...attributes });
      form.append(make("label", {}, make("span", { textContent: label }), input));
    }
    const dialog = make("dialog", { className: "editor-dialog" }, form);
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.dataset.noWords = "";
    const done = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    if (extra) form.append(extra(done, form));
    form.append(make("p", { className: "dialog-buttons" },
      ...(fields.length ? [make("button", { type: "submit", className: "button default", textContent: _("Put it in") })] : []),
      make("button", { type: "button", className: "button quiet-button", textContent: _("Close"), onclick: () => done(null) })));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
      done(Object.fromEntries(new FormData(form)));
    });
    dialog.addEventListener("cancel", () => done(null));
    // Outside the story's form: a form must not stand in another one.
    document.body.append(dialog);
    dialog.showModal();
  });
}

/* A search beside a question: what is found is shown as buttons; one that is pressed answers the dialog. */
export function search(address, label, describe) {
  return (done) => {
    const input = make("input", { type: "search", autocomplete: "off" });
    const results = make("div", { className: "found-list" });
    const told = make("p", { className: "quiet" });
    told.setAttribute("role", "status");
    let timer;
    let last = 0;
    const look = async () => {
      const mine = ++last;
      const answer = await fetch(`${address}?q=${encodeURIComponent(input.value)}`, { headers: { Accept: "application/json" } }).catch(() => null);
      if (mine !== last) return;
      const found = answer?.ok ? (await answer.json()).found : [];
      told.textContent = answer?.ok ? (found.length ? "" : _("Nothing was found.")) : _("The search did not answer: try again.");
      results.replaceChildren(...found.map((item) => {
        const button = make("button", { type: "button", onclick: () => done({ item }) }, ...describe(item));
        return button;
      }));
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, 250);
    });
    look();
    return make("div", { className: "dialog-search" }, make("label", {}, make("span", { textContent: label }), input), told, results);
  };
}

/* Builds the toolbar. `groups` are lists of [name, text, title, act, is active?]. */
export function toolbar(editor, groups, label) {
  const bar = make("div", { className: "editor-bar" });
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", label);
  const buttons = [];
  for (const group of groups) {
    const box = make("span", { className: "editor-group" });
    for (const [name, text, title, act, isActive] of group) {
      const button = make("button", { type: "button", title, textContent: text });
      button.dataset.tool = name;
      button.setAttribute("aria-label", title);
      button.tabIndex = buttons.length ? -1 : 0;
      button.addEventListener("click", () => act(button));
      // The text keeps its selection.
      button.addEventListener("mousedown", (event) => event.preventDefault());
      button.isActive = isActive;
      if (isActive) button.setAttribute("aria-pressed", "false");
      buttons.push(button);
      box.append(button);
    }
    bar.append(box);
  }
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = buttons.indexOf(document.activeElement);
    const to = event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1 : step && (at + step + buttons.length) % buttons.length;
    if (to === undefined || at < 0) return;
    event.preventDefault();
    buttons[at].tabIndex = -1;
    buttons[to].tabIndex = 0;
    buttons[to].focus();
  });
  const refresh = () => {
    for (const button of buttons) if (button.isActive) button.setAttribute("aria-pressed", String(Boolean(button.isActive())));
  };
  editor.on("transaction", refresh);
  refresh();
  return bar;
}

/* The editor of a story's text: a textarea with HTML becomes a page to write on, and stays what is posted. */
import { Editor, Extension, pm } from "../../django_prose_editor/editor.js";
import { Find, finder } from "./editor/find.js";
import { clean, load, save } from "./editor/html.js";
import { add, upload } from "./editor/photos.js";
import { extensions } from "./editor/schema.js";
import { ask, search, toolbar } from "./editor/toolbar.js";
import { Views } from "./editor/views.js";

const _ = window.gettext ?? ((text) => text);
const WORDS_A_MINUTE = 238; // as articles/reading.py
const { Plugin } = pm.state;

const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

function mount(area) {
  const box = make("div", { className: "editor" });
  const page = make("div", { className: "editor-page" });
  const status = make("p", { className: "editor-status" });
  area.before(box);
  area.classList.add("as-html");
  area.hidden = true;

  // Only what somebody changed is written back: a text that was merely looked at stays as it was stored.
  let quiet = true;
  const editor = new Editor({
    element: page,
    extensions: [...extensions, Find, Views, Inputs(area), Keys],
    content: "",
    injectCSS: false,
    editorProps: {
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": area.dataset.label, spellcheck: "true", class: "prose" },
      transformPastedHTML: clean,
    },
    onUpdate: () => {
      count();
      if (quiet) return;
      area.value = save(editor.schema, editor.state.doc);
      area.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
  const fill = () => {
    quiet = true;
    // Nobody wants to undo that the text was opened.
    editor.chain().setMeta("addToHistory", false).setContent(load(editor.schema, area.value), { emitUpdate: false }).run();
    quiet = false;
    count();
  };
  const count = () => {
    const words = editor.state.doc.textBetween(0, editor.state.doc.content.size, " ", " ").split(/\s+/).filter(Boolean).length;
    const minutes = Math.max(1, Math.round(words / WORDS_A_MINUTE));
    status.textContent = `${words.toLocaleString("en")} ${_("words")} · ${minutes} ${_("min to read")}`;
  };

  const find = findPanel(editor);
  const source = () => {
    if (area.hidden) {
      area.value = save(editor.schema, editor.state.doc) || area.value;
    } else {
      fill();
    }
    area.hidden = !area.hidden;
    page.hidden = !area.hidden;
    box.classList.toggle("source", !area.hidden);
    (area.hidden ? editor.view : area).focus();
  };
  const bar = toolbar(editor, tools(editor, area, find, source), _("Tools of the text"));
  const tableBar = toolbar(editor, tableTools(editor), _("Tools of the table"));
  tableBar.classList.add("table-bar");
  editor.on("transaction", () => { tableBar.hidden = !editor.isActive("table"); });
  box.append(bar, tableBar, find.panel, page, status);
  fill();
  tableBar.hidden = true;

  // Rows of photos further down tell what stands in the text.
  for (const button of document.querySelectorAll("[data-put-in]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      putPhoto(editor, button.dataset.putIn);
      editor.view.focus();
    });
  }
  document.querySelector(`label[for="${area.id}"]`)?.addEventListener("click", () => editor.view.focus());
  const change = (event) => {
    if (event.target.closest?.("#photo_uses-group")) editor.view.dispatch(editor.state.tr.setMeta("redraw", true));
  };
  document.addEventListener("change", change);
  area.editor = editor;
  // For tests: what opening and saving makes of a text.
  area.roundTrip = (html) => {
    const view = new Editor({ element: make("div"), extensions, content: "", injectCSS: false });
    view.commands.setContent(load(view.schema, html), { emitUpdate: false });
    const kept = view.state.doc.content.content.filter((node) => node.type.name === "raw").length;
    const saved = save(view.schema, view.state.doc);
    view.destroy();
    return { saved, kept };
  };
  return editor;
}

function putPhoto(editor, uuid) {
  editor.chain().focus().insertContent({ type: "photo", attrs: { "data-photo": uuid } }).run();
}

/* Picture files that are dropped or pasted go to the library, and into the text. */
const Inputs = (area) => Extension.create({
  name: "inputs",
  addProseMirrorPlugins() {
    const { editor } = this;
    const take = async (files) => {
      for (const file of files) {
        try {
          const photo = await upload(file, area.dataset.upload);
          add(photo);
          putPhoto(editor, photo.uuid);
        } catch (error) {
          tell(editor, `${file.name}: ${error.message}`);
        }
      }
    };
    const pictures = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    return [new Plugin({
      props: {
        handleDrop(view, event, slice, moved) {
          const files = moved ? [] : pictures(event.dataTransfer);
          if (!files.length) return false;
          const at = view.posAtCoords({ left: event.clientX, top: event.clientY });
          if (at) editor.commands.setTextSelection(at.pos);
          take(files);
          return true;
        },
        handlePaste(view, event) {
          const files = event.clipboardData?.types.includes("text/html") ? [] : pictures(event.clipboardData);
          if (!files.length) return false;
          take(files);
          return true;
        },
      },
    })];
  },
});

const Keys = Extension.create({
  name: "keys",
  addKeyboardShortcuts() {
    const press = (tool) => () => {
      this.editor.view.dom.closest(".editor").querySelector(`[data-tool=${tool}]`).click();
      return true;
    };
    return {
      "Mod-k": press("link"),
      "Mod-Shift-f": press("find"),
      "Mod-Alt-f": press("footnote"),
      "Mod-Alt-p": press("photo"),
      "Alt-F10": () => {
        this.editor.view.dom.closest(".editor").querySelector(".editor-bar [tabindex='0']").focus();
        return true;
      },
    };
  },
});

function tell(editor, text) {
  const place = editor.view.dom.closest(".editor").querySelector(".editor-status");
  place.setAttribute("role", "status");
  place.textContent = text;
}

function tools(editor, area, find, source) {
  const chain = () => editor.chain().focus();
  const is = (...what) => () => editor.isActive(...what);
  return [
    [
      ["text", _("Text"), _("Paragraph (Ctrl+Alt+0)"), () => chain().setParagraph({ class: null }).run(), () => editor.isActive("paragraph", { class: null }) && !editor.isActive("blockquote")],
      ["subhead", _("Subhead"), _("Subhead (Ctrl+Alt+2)"), () => chain().toggleHeading({ level: 2 }).run(), is("heading", { level: 2 })],
      ["small", _("Small subhead"), _("Small subhead (Ctrl+Alt+3)"), () => chain().toggleHeading({ level: 3 }).run(), is("heading", { level: 3 })],
    ],
    [
      ["bold", "B", _("Bold (Ctrl+B)"), () => chain().toggleMark("bold").run(), is("bold")],
      ["italic", "I", _("Italic (Ctrl+I)"), () => chain().toggleMark("italic").run(), is("italic")],
      ["link", _("Link"), _("Link (Ctrl+K)"), () => askLink(editor, area), is("link")],
      ["footnote", _("Note"), _("Footnote (Ctrl+Alt+F)"), () => askFootnote(editor)],
    ],
    [
      ["bullets", _("• List"), _("List (Ctrl+Shift+8)"), () => chain().toggleList("bulletList", "listItem").run(), is("bulletList")],
      ["numbers", _("1. List"), _("Numbered list (Ctrl+Shift+7)"), () => chain().toggleList("orderedList", "listItem").run(), is("orderedList")],
      ["quote", _("Quote"), _("Quotation (Ctrl+Shift+9)"), () => chain().toggleWrap("blockquote").run(), () => editor.isActive("blockquote", { class: null })],
      ["pullquote", _("Pull quote"), _("Pull quote: words of the text, shown large"), () => chain().setParagraph({ class: editor.isActive("paragraph", { class: "pullquote" }) ? null : "pullquote" }).run(), is("paragraph", { class: "pullquote" })],
      ["factbox", _("Fact box"), _("Fact box"), () => chain().toggleWrap("factbox", { class: "factbox" }).run(), is("factbox")],
    ],
    [
      ["photo", _("Photo"), _("Photo (Ctrl+Alt+P)"), () => askPhoto(editor, area)],
      ["embed", _("Embed"), _("Film or page of another site"), () => askEmbed(editor)],
      ["table", _("Table"), _("Table"), () => chain().insertTable({ rows: 3, cols: 3, withHeaderRow: true }).run(), is("table")],
      ["line", _("Line"), _("Dividing line"), () => chain().setHorizontalRule().run()],
    ],
    [
      ["undo", _("Undo"), _("Undo (Ctrl+Z)"), () => chain().undo().run()],
      ["redo", _("Redo"), _("Redo (Ctrl+Shift+Z)"), () => chain().redo().run()],
      ["find", _("Find"), _("Find and replace (Ctrl+Shift+F)"), () => find.open()],
      ["html", "HTML", _("Write the HTML itself"), source],
    ],
  ];
}

function tableTools(editor) {
  const run = (command) => () => editor.chain().focus()[command]().run();
  return [[
    ["row-before", _("Row above"), _("Add a row above"), run("addRowBefore")],
    ["row-after", _("Row below"), _("Add a row below"), run("addRowAfter")],
    ["column-before", _("Column before"), _("Add a column before"), run("addColumnBefore")],
    ["column-after", _("Column after"), _("Add a column after"), run("addColumnAfter")],
    ["head", _("Head row"), _("Make the first row a head, or take that back"), run("toggleHeaderRow")],
    ["caption", _("Caption"), _("Caption of the table"), async () => {
      const old = editor.getAttributes("table")["data-caption"] ?? "";
      const answer = await ask(_("Caption of the table"), [["caption", _("Caption"), { value: old }]]);
      if (answer) editor.chain().focus().updateAttributes("table", { "data-caption": answer.caption.trim() || null }).run();
    }],
    ["drop-row", _("Drop row"), _("Take the row out"), run("deleteRow")],
    ["drop-column", _("Drop column"), _("Take the column out"), run("deleteColumn")],
    ["drop-table", _("Drop table"), _("Take the table out"), run("deleteTable")],
  ]];
}

async function askLink(editor, area) {
  const old = editor.getAttributes("link").href ?? "";
  const { empty } = editor.state.selection;
  const answer = await ask(
    _("Link"),
    [["href", _("Address (leave it empty to take the link away)"), { value: old, placeholder: "https://" }]],
    search(area.dataset.stories, _("Or a story of ours"), (item) => [make("strong", { textContent: item.headline }), make("span", { className: "quiet", textContent: ` ${item.said}` })]),
  );
  if (!answer) return;
  const href = (answer.item?.address ?? answer.href).trim();
  const chain = editor.chain().focus().extendMarkRange("link");
  if (!href) chain.unsetMark("link").run();
  else if (empty && !old) {
    chain.insertContent({ type: "text", text: answer.item?.headline ?? href, marks: [{ type: "link", attrs: { href } }] }).run();
  } else chain.setMark("link", { href }).run();
}

async function askPhoto(editor, area) {
  const answer = await ask(_("Photo"), [], (done, form) => {
    const input = make("input", { type: "file", accept: "image/*" });
    const told = make("p", { className: "quiet" });
    told.setAttribute("role", "status");
    input.addEventListener("change", async () => {
      told.textContent = _("The file is on its way …");
      try {
        done({ item: await upload(input.files[0], area.dataset.upload) });
      } catch (error) {
        told.textContent = error.message;
        input.value = "";
      }
    });
    return make("div", {},
      make("label", {}, make("span", { textContent: _("A new file") }), input), told,
      search(area.dataset.photos, _("Or one of the library"), (item) => [
        ...(item.picture ? [make("img", { src: item.picture, alt: "", loading: "lazy" })] : []),
        make("span", {}, make("strong", { textContent: item.text }), make("span", { className: "quiet", textContent: ` ${item.said}` })),
      ])(done, form));
  });
  if (!answer?.item) return;
  add(answer.item);
  putPhoto(editor, answer.item.uuid);
}

async function askEmbed(editor) {
  const answer = await ask(_("Film or page of another site"), [[
    "address", _("Address: YouTube and Vimeo become players that load after a click, all others links"), { type: "url", required: true, placeholder: "https://www.youtube.com/watch?v=" },
  ]]);
  if (answer?.address) editor.chain().focus().insertContent({ type: "embed", attrs: { "data-embed": answer.address } }).run();
}

/* A number in the text and its note at the end, linked with each other. */
async function askFootnote(editor) {
  const answer = await ask(_("Footnote"), [["note", _("Note"), { rows: 3, required: true }]]);
  if (!answer?.note.trim()) return;
  const used = [];
  editor.state.doc.descendants((node) => {
    for (const mark of node.marks) if (mark.type.name === "link") used.push(Number(/^#fn(\d+)$/.exec(mark.attrs.href)?.[1] ?? 0));
  });
  const number = Math.max(0, ...used) + 1;
  editor.chain().focus().insertContent({
    type: "text", text: String(number), marks: [{ type: "sup" }, { type: "link", attrs: { href: `#fn${number}`, id: `fnref${number}` } }],
  }).unsetMark("sup").unsetMark("link").run();
  const item = {
    type: "listItem", attrs: { id: `fn${number}` },
    content: [{ type: "paragraph", content: [
      { type: "text", text: `${answer.note.trim()} ` },
      { type: "text", text: "↩", marks: [{ type: "link", attrs: { href: `#fnref${number}` } }] },
    ] }],
  };
  let notes = null;
  editor.state.doc.forEach((node, at) => {
    if (node.type.name === "orderedList" && /^fn\d+$/.test(node.firstChild?.attrs.id ?? "")) notes = at + node.nodeSize - 1;
  });
  const here = editor.state.selection.from;
  if (notes === null) editor.commands.insertContentAt(editor.state.doc.content.size, { type: "orderedList", content: [item] });
  else editor.commands.insertContentAt(notes, item);
  editor.commands.setTextSelection(here);
}

function findPanel(editor) {
  const search = finder(editor);
  const words = make("input", { type: "search", autocomplete: "off" });
  const other = make("input", { autocomplete: "off" });
  const exact = make("input", { type: "checkbox" });
  const told = make("span", { className: "quiet" });
  told.setAttribute("role", "status");
  const say = (text) => { told.textContent = text ?? (words.value ? `${search.count ? search.now + 1 : 0} ${_("of")} ${search.count}` : ""); };
  const look = () => { search.look(words.value, exact.checked); say(); };
  const button = (text, act) => make("button", { type: "button", className: "button quiet-button", textContent: text, onclick: () => { act(); say(); } });
  const close = () => { search.stop(); panel.hidden = true; editor.view.focus(); };
  const all = button(_("Replace all"), () => {});
  all.onclick = () => say(`${search.replaceAll(other.value)} ${_("replaced")}`);
  const panel = make("div", { className: "find-panel", hidden: true },
    make("label", {}, make("span", { textContent: _("Find") }), words),
    make("label", {}, make("span", { textContent: _("Replace with") }), other),
    make("label", { className: "check" }, exact, make("span", { textContent: _("Capitals as written") })),
    button(_("Previous"), () => search.step(-1)), button(_("Next"), () => search.step(1)),
    button(_("Replace"), () => search.replace(other.value)), all, button(_("Close"), close), told);
  panel.dataset.noWords = "";
  panel.setAttribute("role", "search");
  words.addEventListener("input", look);
  exact.addEventListener("change", look);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter") {
      event.preventDefault();
      if (event.target === words) { search.step(event.shiftKey ? -1 : 1); say(); }
    }
  });
  return { panel, open() { panel.hidden = false; words.focus(); words.select(); look(); } };
}

const textarea = document.querySelector("textarea.body-text[data-editor]");
if (textarea && !textarea.disabled) mount(textarea);

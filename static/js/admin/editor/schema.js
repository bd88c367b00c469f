/* What a story's text may consist of, for the editor: the twin of sections/html.py, which decides what is stored.
   What the editor has no element for is kept untouched as a block of its own (`raw`). */
import {
  CodeBlock, Document, Dropcursor, Extension, Gapcursor, HardBreak, History, HorizontalRule, Mark, Node, Table,
  TableCell, TableHeader, TableRow, Text,
} from "../../../django_prose_editor/editor.js";

const GLOBAL = ["lang", "dir", "id"];

/* Attributes that go from HTML to the document and back as they are. */
const plain = (...names) => Object.fromEntries(names.map((name) => [name, {
  default: null,
  parseHTML: (element) => element.getAttribute(name),
  renderHTML: (attributes) => (attributes[name] === null ? {} : { [name]: attributes[name] }),
}]));

/* A class that is kept if it is this one. */
const kept = (...words) => ({
  class: {
    default: null,
    parseHTML: (element) => words.find((word) => element.classList.contains(word)) ?? null,
    renderHTML: (attributes) => (attributes.class ? { class: attributes.class } : {}),
  },
});

/* Which of several elements of the same meaning it was. */
const spelled = (usual) => ({
  as: { default: usual, parseHTML: (element) => element.localName, renderHTML: () => ({}) },
});

const block = (name, tag, options) => Node.create({
  name,
  group: "block",
  parseHTML: () => [{ tag }],
  renderHTML: ({ HTMLAttributes }) => [tag, HTMLAttributes, 0],
  ...options,
});

const Paragraph = block("paragraph", "p", {
  priority: 1000,
  content: "inline*",
  addAttributes: () => kept("pullquote"),
  addCommands: () => ({
    setParagraph: (attributes = { class: null }) => ({ commands }) => commands.setNode("paragraph", attributes),
  }),
  addKeyboardShortcuts() {
    return { "Mod-Alt-0": () => this.editor.commands.setParagraph() };
  },
});

const Heading = Node.create({
  name: "heading",
  group: "block",
  content: "inline*",
  defining: true,
  addAttributes: () => ({ level: { default: 2, rendered: false } }),
  // Pasted texts have other levels; the headline is the only first one.
  parseHTML: () => [
    ...[1, 2].map((level) => ({ tag: `h${level}`, attrs: { level: 2 } })),
    { tag: "h3", attrs: { level: 3 } },
    ...[4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level: 4 } })),
  ],
  renderHTML: ({ node, HTMLAttributes }) => [`h${node.attrs.level}`, HTMLAttributes, 0],
  addCommands: () => ({
    toggleHeading: (attributes) => ({ commands }) => commands.toggleNode("heading", "paragraph", attributes),
  }),
  addKeyboardShortcuts() {
    return {
      "Mod-Alt-2": () => this.editor.commands.toggleHeading({ level: 2 }),
      "Mod-Alt-3": () => this.editor.commands.toggleHeading({ level: 3 }),
    };
  },
});

const Blockquote = block("blockquote", "blockquote", {
  content: "block+",
  defining: true,
  addAttributes: () => ({ ...plain("cite"), ...kept("pullquote") }),
  addKeyboardShortcuts() {
    return { "Mod-Shift-9": () => this.editor.commands.toggleWrap("blockquote") };
  },
});

const Factbox = block("factbox", "aside", {
  content: "block+",
  defining: true,
  isolating: true,
  addAttributes: () => kept("factbox"),
});

const list = (name, tag, key, attributes = {}) => block(name, tag, {
  group: "block list",
  content: "listItem+",
  addAttributes: () => attributes,
  addKeyboardShortcuts() {
    return { [key]: () => this.editor.commands.toggleList(name, "listItem") };
  },
});
const BulletList = list("bulletList", "ul", "Mod-Shift-8");
const OrderedList = list("orderedList", "ol", "Mod-Shift-7", plain("start", "reversed", "type"));
const ListItem = Node.create({
  name: "listItem",
  content: "paragraph block*",
  defining: true,
  parseHTML: () => [{ tag: "li" }],
  renderHTML: ({ HTMLAttributes }) => ["li", HTMLAttributes, 0],
  addKeyboardShortcuts() {
    return {
      Enter: () => this.editor.commands.splitListItem("listItem"),
      Tab: () => this.editor.commands.sinkListItem("listItem"),
      "Shift-Tab": () => this.editor.commands.liftListItem("listItem"),
    };
  },
});

const Terms = block("terms", "dl", { content: "(term | meaning)+" });
const Term = Node.create({
  name: "term", content: "inline*", defining: true,
  parseHTML: () => [{ tag: "dt" }], renderHTML: ({ HTMLAttributes }) => ["dt", HTMLAttributes, 0],
});
const Meaning = Node.create({
  name: "meaning", content: "paragraph block*", defining: true,
  parseHTML: () => [{ tag: "dd" }], renderHTML: ({ HTMLAttributes }) => ["dd", HTMLAttributes, 0],
});

/* A table's caption travels as an attribute: the editor's tables have rows only. See html.js. */
const CaptionedTable = Table.extend({ addAttributes() { return { ...this.parent?.(), ...plain("data-caption") }; } });
const cell = (Cell) => Cell.extend({ addAttributes() { return { ...this.parent?.(), ...plain("scope") }; } });

/* Blocks that hold no text of their own. */
const atom = (name, tag, attribute, more = {}) => Node.create({
  name,
  group: "block",
  atom: true,
  draggable: true,
  addAttributes: () => ({ ...plain(attribute), ...more }),
  parseHTML: () => [{ tag: `${tag}[${attribute}]`, priority: 60 }],
  renderHTML: ({ HTMLAttributes }) => [tag, HTMLAttributes],
});
const Photo = atom("photo", "figure", "data-photo", kept("side"));
const Embed = atom("embed", "figure", "data-embed");
const Raw = atom("raw", "div", "data-raw");

const mark = (name, tags, options = {}) => Mark.create({
  name,
  addAttributes: () => (tags.length > 1 ? spelled(tags[0]) : {}),
  parseHTML: () => tags.map((tag) => ({ tag })),
  renderHTML: ({ mark: { attrs }, HTMLAttributes }) => [attrs.as ?? tags[0], HTMLAttributes, 0],
  ...options,
});
const toggled = (name, key) => ({
  addKeyboardShortcuts() { return { [key]: () => this.editor.commands.toggleMark(name) }; },
});
const Link = mark("link", ["a"], {
  priority: 1000,
  inclusive: false,
  addAttributes: () => plain("href", "title"),
  parseHTML: () => [{ tag: "a[href]" }],
});
const MARKS = [
  Link,
  mark("bold", ["strong", "b"], toggled("bold", "Mod-b")),
  mark("italic", ["em", "i"], toggled("italic", "Mod-i")),
  // Outside of links: so stands the number of a footnote.
  mark("sup", ["sup"], { excludes: "sub", priority: 1001 }),
  mark("sub", ["sub"], { excludes: "sup", priority: 1001 }),
  ...["u", "s", "del", "ins", "code", "cite", "q", "small", "mark", "bdi"].map((tag) => mark(tag, [tag])),
  mark("abbr", ["abbr"], { addAttributes: () => plain("title") }),
  mark("time", ["time"], { addAttributes: () => plain("datetime") }),
  // A stretch in another language; a plain span says nothing and is dropped.
  mark("span", ["span"], { parseHTML: () => [{ tag: "span[lang]" }, { tag: "span[dir]" }, { tag: "span[id]" }] }),
];

const Everywhere = Extension.create({
  name: "everywhere",
  addGlobalAttributes: () => [{
    types: [
      "paragraph", "heading", "blockquote", "factbox", "bulletList", "orderedList", "listItem", "terms", "term", "meaning",
      "table", "tableRow", "tableCell", "tableHeader", "link", "bold", "italic", "sup", "sub", "span", "abbr", "q", "cite",
    ],
    attributes: plain(...GLOBAL),
  }],
});

export const extensions = [
  Document, Text, Paragraph, Heading, Blockquote, Factbox, BulletList, OrderedList, ListItem, Terms, Term, Meaning,
  HardBreak, HorizontalRule, CodeBlock, CaptionedTable.configure({ resizable: false }), TableRow, cell(TableHeader),
  cell(TableCell), Photo, Embed, Raw, ...MARKS, Everywhere, History, Dropcursor, Gapcursor,
];

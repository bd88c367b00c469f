/* From stored HTML to the editor's document and back, so that what nobody touched comes back as it was. */
import { pm } from "../../../django_prose_editor/editor.js";

const { DOMParser: Reader, DOMSerializer: Writer } = pm.model;
const { TableMap } = pm.tables;
const INLINE = /^(a|abbr|b|bdi|br|cite|code|del|em|i|ins|mark|q|ruby|s|small|span|strong|sub|sup|time|u)$/;
const ALONE = "li, td, th, dd";

/* HTML as nodes of a document that runs nothing and loads nothing. */
const parse = (html) => new DOMParser().parseFromString(html, "text/html").body;

/* Stored HTML as the editor takes it: head rows among the others, captions as attributes. */
function open(body) {
  for (const table of body.querySelectorAll("table")) {
    const caption = table.querySelector(":scope > caption");
    if (caption && !caption.children.length) {
      table.dataset.caption = caption.textContent;
      caption.remove();
    }
    for (const head of table.querySelectorAll(":scope > thead")) head.replaceWith(...head.children);
  }
  return body;
}

/* The editor's HTML as it is stored: no paragraph where a cell or an item has but one, head rows in a thead. */
function close(body) {
  for (const holder of body.querySelectorAll(ALONE)) {
    const [only] = holder.children;
    if (only?.localName === "p" && !only.attributes.length && [...holder.childNodes].every(
      (node) => node === only || (holder.localName === "li" && ["UL", "OL"].includes(node.nodeName)),
    )) only.replaceWith(...only.childNodes);
  }
  for (const table of body.querySelectorAll("table")) {
    table.removeAttribute("style");
    for (const columns of table.querySelectorAll(":scope > colgroup")) columns.remove();
    for (const cell of table.querySelectorAll("td, th")) {
      for (const name of ["style", "colwidth"]) cell.removeAttribute(name);
      for (const name of ["colspan", "rowspan"]) if (cell.getAttribute(name) === "1") cell.removeAttribute(name);
    }
    const rows = [...table.rows];
    const count = rows.findIndex((row) => [...row.cells].some((cell) => cell.localName !== "th"));
    if (count > 0) {
      const head = document.createElement("thead");
      head.append(...rows.slice(0, count));
      table.prepend(head);
    }
    if (table.dataset.caption) {
      const caption = document.createElement("caption");
      caption.textContent = table.dataset.caption;
      table.prepend(caption);
    }
    delete table.dataset.caption;
  }
  for (const raw of body.querySelectorAll("div[data-raw]")) raw.replaceWith(...parse(raw.dataset.raw).childNodes);
  return body;
}

/* One form for HTML that means the same: blocks, and runs of text each with the marks around it in one order. */
function canonical(element) {
  const body = document.createElement("div");
  body.append(element.cloneNode(true));
  close(open(body));
  for (const group of body.querySelectorAll("thead, tbody, colgroup")) group.replaceWith(...group.childNodes);
  return flat(body);
}

const opening = (element) => `<${element.localName}${[...element.attributes].map(({ name, value }) => ` ${name}="${value}"`).sort().join("")}>`;

function flat(block) {
  const isCode = block.localName === "pre";
  let text = "";
  let runs = [];
  const flush = () => {
    if (!isCode && runs.length) {
      runs[0][1] = runs[0][1].trimStart();
      runs.at(-1)[1] = runs.at(-1)[1].trimEnd();
    }
    text += runs.filter(([, words]) => words).map(([marks, words]) => `${marks}${words}`).join("\u0001").replace(/[ \u0001]*<br>[ \u0001]*/g, "<br>");
    runs = [];
  };
  const add = (marks, words) => {
    const last = runs.at(-1);
    if (!isCode) {
      words = words.replace(/[ \t\n\r]+/g, " ");
      if (!last || last[1].endsWith(" ") || last[1].endsWith("<br>")) words = words.trimStart();
    }
    if (!words) return;
    if (last && last[0] === marks) last[1] += words;
    else runs.push([marks, words]);
  };
  const walk = (node, marks) => {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) add([...marks].sort().join(""), child.data);
      else if (child.localName === "br") runs.push(["", "<br>"]);
      else if (INLINE.test(child.localName)) walk(child, [...marks, opening(child)]);
      else {
        flush();
        text += flat(child);
      }
    }
  };
  walk(block, []);
  flush();
  return `${opening(block)}${text}</${block.localName}>`;
}

function write(schema, doc) {
  const body = document.createElement("div");
  body.append(Writer.fromSchema(schema).serializeFragment(doc.content));
  return body;
}

/* Whether every table has as many cells in each row: the editor would fill up others. */
function isEven(doc) {
  let even = true;
  doc.descendants((node) => {
    if (node.type.spec.tableRole === "table" && TableMap.get(node).problems) even = false;
  });
  return even;
}

/* Stored HTML as HTML for the editor: what its schema would change comes as an untouchable block. */
export function load(schema, html) {
  const body = parse(html);
  const blocks = [];
  // Words that stand in no block are a paragraph.
  let loose = null;
  for (const node of [...body.childNodes]) {
    if (node.nodeType !== Node.ELEMENT_NODE || INLINE.test(node.localName)) {
      if (!loose && !node.textContent.trim()) continue;
      loose ??= body.insertBefore(document.createElement("p"), node);
      loose.append(node);
    } else loose = null;
  }
  for (const node of [...body.childNodes]) {
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    const wanted = canonical(node);
    const alone = document.createElement("div");
    alone.append(node.cloneNode(true));
    const read = Reader.fromSchema(schema).parse(open(alone));
    const isWhole = read.childCount === 1 && isEven(read);
    if (isWhole && canonical(close(write(schema, read)).firstElementChild ?? alone) === wanted) {
      blocks.push(open(alone).innerHTML);
    } else {
      const raw = document.createElement("div");
      raw.dataset.raw = node.outerHTML;
      blocks.push(raw.outerHTML);
    }
  }
  return blocks.join("");
}

/* The document as HTML that can be stored; nothing for an empty one. */
export function save(schema, doc) {
  const body = close(write(schema, doc));
  const blocks = [...body.children].map((element) => element.outerHTML);
  while (blocks.length && blocks.at(-1) === "<p></p>") blocks.pop();
  return blocks.join("\n");
}

/* HTML whose styles and handlers are mere words: parsing them would make the browser report each to the console. */
const defused = (html) => html
  .replace(/<!--[\s\S]*?-->|<style[\s\S]*?<\/style>/gi, "")
  .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/([\s"'/])(style|on\w+)(?=\s*=)/gi, "$1data-$2"));

/* HTML from Word, Google Docs or a page, without what only looks: styles become the marks they stood for. */
export function clean(html) {
  const body = parse(defused(html));
  for (const element of body.querySelectorAll("style, script, meta, link, title, xml, img, svg, iframe, object")) element.remove();
  // Google Docs wraps everything in a <b> that is not bold.
  for (const bold of body.querySelectorAll("b[data-style]")) {
    if (/(^|[;\s])font-weight:\s*(normal|400)/.test(bold.dataset.style)) bold.replaceWith(...bold.childNodes);
  }
  for (const [from, to] of [["b", "strong"], ["i", "em"]]) {
    for (const mark of body.querySelectorAll(from)) {
      const named = document.createElement(to);
      named.append(...mark.childNodes);
      mark.replaceWith(named);
    }
  }
  listsFromWord(body);
  for (const span of body.querySelectorAll("span[data-style], font[data-style]")) {
    const style = span.dataset.style;
    let inner = [...span.childNodes];
    const wrap = (tag) => {
      const element = document.createElement(tag);
      element.append(...inner);
      inner = [element];
    };
    if (/font-weight:\s*(bold|[6-9]00)/.test(style)) wrap("strong");
    if (/font-style:\s*italic/.test(style)) wrap("em");
    if (/vertical-align:\s*super/.test(style)) wrap("sup");
    if (/vertical-align:\s*sub\b/.test(style)) wrap("sub");
    span.replaceWith(...inner);
  }
  // In headings everything is bold already.
  for (const bold of body.querySelectorAll(":is(h1,h2,h3,h4,h5,h6) :is(b,strong)")) bold.replaceWith(...bold.childNodes);
  for (const paragraph of body.querySelectorAll("p, div")) {
    if (!paragraph.textContent.replace(/\u00a0/g, " ").trim() && !paragraph.querySelector("br, figure")) paragraph.remove();
  }
  // A line break between blocks is no line of its own.
  for (const rest of body.querySelectorAll(":is(p, ul, ol, table, h1, h2, h3, h4) + br")) rest.remove();
  for (const element of body.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) {
      if (!["href", "title", "colspan", "rowspan", "start", "lang", "data-photo", "data-embed", "data-raw", "cite", "datetime"].includes(name)
        && !(name === "class" && /pullquote|factbox|side/.test(element.className)) && !(name === "id" && /^(fn|fnref|note|ref)/.test(element.id))) {
        element.removeAttribute(name);
      }
    }
    if (/^(javascript|data|vbscript|file):/i.test(element.getAttribute("href")?.trim() ?? "")) element.removeAttribute("href");
  }
  return body.innerHTML;
}

/* Word writes lists as paragraphs with the sign of the item in front. */
function listsFromWord(body) {
  let list;
  for (const item of [...body.querySelectorAll('p[class^="MsoListParagraph"], p[data-style*="mso-list"]')]) {
    const sign = item.querySelector('[data-style*="mso-list:Ignore"], [data-style*="mso-list: Ignore"]');
    const tag = /^[\s\u00a0]*(\d+|[a-zA-Z])[.)]/.test(sign?.textContent ?? item.textContent) ? "ol" : "ul";
    sign?.remove();
    if (!list || list.localName !== tag || item.previousElementSibling !== list) {
      list = document.createElement(tag);
      item.before(list);
    }
    const row = document.createElement("li");
    row.append(...item.childNodes);
    row.innerHTML = row.innerHTML.replace(/^[\s\u00a0]*(?:[·•▪o§-]|\d+[.)])[\s\u00a0]+/, "");
    list.append(row);
    item.remove();
  }
}

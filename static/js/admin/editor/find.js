/* Find and replace in a text: what is found is marked, one of them is current. */
import { Extension, pm } from "../../../django_prose_editor/editor.js";

const { Plugin, PluginKey, TextSelection } = pm.state;
const { Decoration, DecorationSet } = pm.view;
const key = new PluginKey("find");

/* [from, to] of every place where the words stand within one block, in the order of the text. */
function places(doc, words, exact) {
  if (!words) return [];
  const found = [];
  const wanted = exact ? words : words.toLowerCase();
  doc.descendants((block, start) => {
    if (!block.isTextblock) return true;
    // Whatever is no text counts as one character, so that places stay right.
    const text = block.textBetween(0, block.content.size, "\n", "\ufffc");
    const searched = exact ? text : text.toLowerCase();
    for (let at = searched.indexOf(wanted); at >= 0; at = searched.indexOf(wanted, at + wanted.length)) {
      found.push([start + 1 + at, start + 1 + at + wanted.length]);
    }
    return false;
  });
  return found;
}

export const Find = Extension.create({
  name: "find",
  addProseMirrorPlugins: () => [new Plugin({
    key,
    state: {
      init: () => ({ words: "", exact: false, found: [], now: 0 }),
      apply(transaction, state) {
        const asked = transaction.getMeta(key);
        if (!asked && !transaction.docChanged) return state;
        const next = { ...state, ...asked };
        next.found = places(transaction.doc, next.words, next.exact);
        next.now = next.found.length ? (next.now + next.found.length) % next.found.length : 0;
        return next;
      },
    },
    props: {
      decorations(state) {
        const { found, now } = key.getState(state);
        return DecorationSet.create(state.doc, found.map(([from, to], number) => Decoration.inline(from, to, {
          class: number === now ? "found found-now" : "found",
        })));
      },
    },
  })],
});

export const finder = (editor) => {
  const state = () => key.getState(editor.state);
  const ask = (meta) => editor.view.dispatch(editor.state.tr.setMeta(key, meta));
  const show = () => {
    const place = state().found[state().now];
    if (!place) return;
    editor.view.dispatch(editor.state.tr.setSelection(TextSelection.create(editor.state.doc, ...place)).scrollIntoView());
  };
  return {
    get count() { return state().found.length; },
    get now() { return state().now; },
    look(words, exact) { ask({ words, exact, now: 0 }); show(); },
    step(by) { ask({ now: state().now + by }); show(); },
    replace(words) {
      const place = state().found[state().now];
      if (!place) return;
      editor.view.dispatch(editor.state.tr.insertText(words, ...place));
      show();
    },
    replaceAll(words) {
      const { found } = state();
      const transaction = editor.state.tr;
      for (const place of [...found].reverse()) transaction.insertText(words, ...place);
      editor.view.dispatch(transaction);
      return found.length;
    },
    stop() { ask({ words: "" }); },
  };
};

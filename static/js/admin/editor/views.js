/* How blocks without text look in the editor: photos, embeds, and what the editor leaves alone. */
import { Extension, pm } from "../../../django_prose_editor/editor.js";
import { describe, edit } from "./photos.js";

const _ = window.gettext ?? ((text) => text);
const { Plugin } = pm.state;

const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};
const button = (text, act) => make("button", { type: "button", textContent: text, onclick: act });

function atomView(fill) {
  return (node, view, getPos) => {
    const dom = make("div", { className: "atom", contentEditable: "false" });
    const tools = { node, view, remove: () => {
      const at = getPos();
      view.dispatch(view.state.tr.delete(at, at + dom.node.nodeSize));
      view.focus();
    }, change: (attrs) => {
      view.dispatch(view.state.tr.setNodeMarkup(getPos(), null, { ...dom.node.attrs, ...attrs }));
    } };
    const draw = (next) => {
      dom.node = next;
      dom.replaceChildren(...fill(next, tools));
    };
    draw(node);
    return {
      dom,
      update(next) {
        if (next.type !== node.type) return false;
        draw(next);
        return true;
      },
      stopEvent: (event) => event.target.closest?.("button") !== null && event.type !== "dragstart",
      ignoreMutation: () => true,
      selectNode: () => dom.classList.add("chosen"),
      deselectNode: () => dom.classList.remove("chosen"),
    };
  };
}

const photo = atomView((node, { change, remove }) => {
  const uuid = node.attrs["data-photo"];
  const { picture, words, isThere } = describe(uuid);
  const isSide = node.attrs.class === "side";
  return [
    ...(picture ? [make("img", { src: picture, alt: "" })] : []),
    make("p", { textContent: isThere ? words : _("This photo is not among the story's photos: readers do not see it.") }),
    make("div", { className: "atom-tools" },
      button(isSide ? _("Full width") : _("At the side"), () => change({ class: isSide ? null : "side" })),
      button(_("Caption and credit"), () => edit(uuid)),
      button(_("Take it out of the text"), remove)),
  ];
});
const embed = atomView((node, { change, remove }) => [
  make("p", { textContent: `${_("Embedded:")} ${node.attrs["data-embed"]}` }),
  make("div", { className: "atom-tools" }, button(_("Change the address"), () => {
    const address = window.prompt(_("Address"), node.attrs["data-embed"]);
    if (address) change({ "data-embed": address });
  }), button(_("Take it out of the text"), remove)),
]);
const raw = atomView((node, { remove }) => {
  const shown = new DOMParser().parseFromString(node.attrs["data-raw"], "text/html").body;
  return [
    make("div", { className: "atom-raw" }, ...shown.childNodes),
    make("p", { className: "quiet", textContent: _("Kept as it is. Change it under “HTML”.") }),
    make("div", { className: "atom-tools" }, button(_("Take it out of the text"), remove)),
  ];
});

export const Views = Extension.create({
  name: "views",
  addProseMirrorPlugins: () => [new Plugin({ props: { nodeViews: { photo, embed, raw } } })],
});

// CodeMirror over each code field: the text area stays in the form and always holds the same text.
import * as cm from "../vendor/codemirror.js";
import { saveSoon, saveNow } from "./draft.js";
import { completions } from "./assist.js";
import { asksDocs, leave, onShiftTab, onTab, typeOver } from "./editor-keys.js";
import { editors } from "./editor-text.js";
import { carryWith, dressWith } from "./swap.js";

/** @type {Map<HTMLTextAreaElement, any>} */
const views = new Map();
const nonce = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=foretell-nonce]")).content;

/** Turn every code field, now and later, into an editor; live editors move along when their cell is replaced. */
export function startEditors() {
  carryWith(carry);
  dressWith((root) => {
    for (const field of root.querySelectorAll("textarea[data-editor]")) {
      const area = /** @type {HTMLTextAreaElement} */ (field);
      if (!views.has(area)) place(area, make(area));
    }
  });
  addEventListener("pagehide", () => saveNow({ leaving: true }));
}

/** @param {Element} old @param {Element} fresh */
function carry(old, fresh) {
  for (const before of /** @type {NodeListOf<HTMLTextAreaElement>} */ (old.querySelectorAll("textarea[data-editor]"))) {
    const view = views.get(before);
    const after = /** @type {HTMLTextAreaElement | null} */ (fresh.querySelector(`#${CSS.escape(before.id)}`));
    if (!view) continue;
    views.delete(before);
    if (!after) {
      view.destroy();
      continue;
    }
    const { scrollTop, scrollLeft } = view.scrollDOM;
    after.value = view.state.doc.toString();
    place(after, view);
    view.scrollDOM.scrollTop = scrollTop;
    view.scrollDOM.scrollLeft = scrollLeft;
    view.requestMeasure();
  }
}

/** @param {HTMLTextAreaElement} area @param {any} view */
function place(area, view) {
  views.set(area, view);
  const holder = /** @type {HTMLElement} */ (area.parentElement);
  area.after(view.dom);
  area.hidden = true;
  holder.querySelector(`label[for="${CSS.escape(area.id)}"]`)?.setAttribute("hidden", "");
  const note = /** @type {HTMLElement | null | undefined} */ (holder.parentElement?.querySelector("[data-editor-note]"));
  if (note) note.hidden = area.readOnly;
  editors.set(holder, { setText: (text) => replaceAll(view, text) });
  numberRest(area);
}

/** The cell's test goes on counting where the editor ends, as tracebacks do. @param {HTMLTextAreaElement} area */
function numberRest(area) {
  const rest = /** @type {HTMLElement | null | undefined} */ (area.parentElement?.querySelector(".rest pre.code"));
  if (rest) rest.style.counterReset = `line ${area.value.replace(/\n+$/, "").split("\n").length}`;
}

/** @param {any} view @param {string} text */
function replaceAll(view, text) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, userEvent: "input.replace" });
}

/** @param {any} view @returns {HTMLTextAreaElement} the field the view stands for now */
const fieldOf = (view) => view.dom.previousElementSibling;

/** @param {HTMLTextAreaElement} area */
function make(area) {
  const label = area.labels?.[0]?.textContent ?? "Code, Python";
  return new cm.EditorView({ doc: area.value, extensions: extensions(label, area.readOnly) });
}

/** @param {string} label @param {boolean} readOnly */
function extensions(label, readOnly) {
  return [
    cm.EditorView.cspNonce.of(nonce),
    cm.lineNumbers(), cm.highlightSpecialChars(), cm.history(), cm.drawSelection(), cm.indentOnInput(),
    cm.bracketMatching(), cm.closeBrackets(), cm.highlightSelectionMatches(), cm.search({ top: true }),
    cm.EditorState.tabSize.of(4), cm.indentUnit.of("    "), cm.EditorState.readOnly.of(readOnly),
    cm.python(), cm.syntaxHighlighting(cm.classHighlighter), cm.theme,
    cm.autocompletion({ override: [completions], icons: false, closeOnBlur: true }),
    cm.keymap.of([
      { key: "Escape", run: leave },
      { key: "Tab", run: onTab },
      { key: "Shift-Tab", run: onShiftTab },
      ...cm.closeBracketsKeymap, ...cm.defaultKeymap, ...cm.searchKeymap, ...cm.historyKeymap, ...cm.completionKeymap,
    ]),
    cm.EditorView.inputHandler.of(asksDocs),
    cm.EditorView.domEventHandlers({ beforeinput: typeOver }),
    cm.EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": "editor-keys", tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
    cm.EditorView.updateListener.of(onUpdate),
  ];
}

/** @param {any} update */
function onUpdate(update) {
  const area = fieldOf(update.view);
  if (update.docChanged && area) {
    area.value = update.state.doc.toString();
    numberRest(area);
    if (area.name === "code") saveSoon(area);
  }
  if (update.focusChanged && !update.view.hasFocus) saveNow();
}

// What keys do in an editor beyond what CodeMirror does by itself.
import * as cm from "../vendor/codemirror.js";
import { closeDocs, docsFor, docsOpen } from "./assist.js";

/** Esc, with no list open: close the docs, else go to the toolbar, which comes after the editor. @param {any} view */
export function leave(view) {
  if (docsOpen(view)) closeDocs(view);
  else {
    const tools = view.dom.closest(".cell, .drawer")?.querySelector("[data-tools]");
    if (!tools) return false;
    tools.focus();
  }
  return true;
}

/** @param {any} view */
export function onTab(view) {
  if (cm.acceptCompletion(view)) return true;
  const { main } = view.state.selection;
  const before = view.state.doc.lineAt(main.head).text.slice(0, main.head - view.state.doc.lineAt(main.head).from);
  if (main.empty && /[\w.]$/.test(before)) return cm.startCompletion(view);
  if (main.empty) {
    view.dispatch(view.state.replaceSelection(" ".repeat(4 - (before.length % 4))), { userEvent: "input.indent" });
    return true;
  }
  return cm.indentMore(view);
}

/** @param {any} view */
export function onShiftTab(view) {
  const { main } = view.state.selection;
  const line = view.state.doc.lineAt(main.head);
  if (!main.empty || /^\s*$/.test(line.text.slice(0, main.head - line.from))) return cm.indentLess(view);
  docsFor(view, main.head);
  return true;
}

/**
 * `name?` outside of text and comments asks for the docs of name.
 * @param {any} view @param {number} at @param {number} to @param {string} typed
 */
export function asksDocs(view, at, to, typed) {
  if (typed !== "?" || at !== to) return false;
  const inText = /String|Comment/.test(cm.syntaxTree(view.state).resolveInner(at, -1).name);
  if (inText || !/[\w)\]]$/.test(view.state.sliceDoc(Math.max(0, at - 1), at))) return false;
  docsFor(view, at);
  return true;
}

/**
 * Chromium types over a selection with a styled span, which this page's CSP refuses aloud; so it is done here.
 * @param {InputEvent} event @param {any} view
 */
export function typeOver(event, view) {
  if (event.inputType !== "insertText" || !event.data || view.state.selection.main.empty || /[([{'"]/.test(event.data)) return false;
  view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  return true;
}

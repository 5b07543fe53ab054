// Shift+Enter runs and goes on, Ctrl or Cmd+Enter runs and stays: wherever the focus is in a cell.
import { runScratch } from "./drawers.js";
import { pressRun } from "./run.js";

/** Wire the keyboard. Captured at the document, so that it holds in the editor too. */
export function startKeys() {
  document.addEventListener("keydown", onKey, { capture: true });
}

/** @param {Element} tools @returns {HTMLElement | null} the editor that a toolbar comes after */
const editorBefore = (tools) =>
  tools.parentElement?.querySelector(".cm-content") ?? tools.parentElement?.querySelector("textarea.source") ?? null;

/**
 * After Esc, Shift+Tab passes the editor, which keeps that key to itself: nobody would get out of it backwards.
 * @param {HTMLElement | null} editor
 */
function stepOver(editor) {
  const card = editor?.closest(".cell, .drawer");
  if (!editor || !card) return;
  editor.tabIndex = -1;
  document.addEventListener("focusin", function landed(event) {
    if (card.contains(/** @type {Node} */ (event.target)) && event.target !== editor) return;
    editor.tabIndex = 0;
    document.removeEventListener("focusin", landed);
  });
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {Element} */ (event.target);
  if (event.key === "Escape") {
    const menu = target.closest("details.more[open]");
    if (menu) {
      menu.removeAttribute("open");
      /** @type {HTMLElement | null} */ (menu.querySelector("summary"))?.focus();
    }
    return;
  }
  if (event.key === "Tab" && event.shiftKey && target.matches("[data-tools]")) return stepOver(editorBefore(target));
  if (event.key !== "Enter" || event.isComposing) return;
  const article = target.closest("[data-cell]");
  if (target.matches("[data-tools]")) {
    const editor = editorBefore(target);
    if (editor) {
      event.preventDefault();
      editor.focus();
    }
    return;
  }
  const stays = event.ctrlKey || event.metaKey;
  if (!stays && !event.shiftKey) return;
  if (article) {
    event.preventDefault();
    event.stopPropagation();
    pressRun(article, stays ? "stay" : "advance");
  } else if (target.closest("#scratch")) {
    event.preventDefault();
    event.stopPropagation();
    runScratch();
  }
}

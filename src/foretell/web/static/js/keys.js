// Shift+Enter runs and goes on, Ctrl or Cmd+Enter runs and stays: wherever the focus is in a cell.
import { runScratch } from "./drawers.js";
import { pressRun } from "./run.js";

/** Wire the keyboard. Captured at the document, so that it holds in the editor too. */
export function startKeys() {
  document.addEventListener("keydown", onKey, { capture: true });
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
  if (event.key !== "Enter" || event.isComposing) return;
  const article = target.closest("[data-cell]");
  if (target.matches("[data-tools]")) {
    const editor = /** @type {HTMLElement | null} */ (
      target.parentElement?.querySelector(".cm-content") ?? target.parentElement?.querySelector("textarea.source")
    );
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

// Drafts go to the server within a second of typing, on blur, and when the page is left.
import { saved } from "./live.js";
import { NotDone, ofCell, post } from "./post.js";

const PAUSE_MS = 600;
const RETRY_MS = 3000;
/** Cells whose text the server does not have yet. @type {Set<string>} */
const unsaved = new Set();
let timer = 0;
/** The saves under way. @type {Promise<unknown>} */
let saving = Promise.resolve();
/** How often parts of the page have been replaced. */
let swaps = 0;
document.addEventListener("foretell:swapped", () => { swaps += 1; });

/** @param {string} cell @returns {HTMLTextAreaElement | null} */
const fieldOf = (cell) => document.querySelector(`#cell-${CSS.escape(cell)} textarea[name=code]`);

/** Save a field's text soon. @param {HTMLTextAreaElement} field */
export function saveSoon(field) {
  const article = /** @type {HTMLElement | null} */ (field.closest("[data-cell]"));
  if (!article?.dataset.cell) return;
  const reset = /** @type {HTMLButtonElement | null} */ (article.querySelector("[data-reset] button"));
  if (reset) reset.disabled = false;
  saved("Saving…");
  sendLater(article.dataset.cell, PAUSE_MS);
}

/** @param {string} cell @param {number} pause */
function sendLater(cell, pause) {
  unsaved.add(cell);
  clearTimeout(timer);
  timer = window.setTimeout(() => saveNow(), pause);
}

/** Save what is not saved yet, one after another; done when it is. @param {{leaving?: boolean}} [how] */
export function saveNow(how = {}) {
  // A page that is being left has no time to wait.
  const done = how.leaving ? send(how) : saving.then(() => send(how));
  saving = done.catch(() => undefined);
  return done;
}

/** Save now what other cells hold: a cell that is run brings its own text. @param {string} cell */
export function saveOthers(cell) {
  return [...unsaved].some((other) => other !== cell) ? saveNow() : saving;
}

/** @param {{leaving?: boolean}} how */
async function send(how) {
  clearTimeout(timer);
  const todo = [...unsaved];
  unsaved.clear();
  for (const cell of todo) {
    const field = fieldOf(cell);
    if (!field) continue;
    const before = swaps;
    try {
      const reply = await post(ofCell(cell, "draft"), { code: field.value }, how);
      // A list from before a run came to its end would be believed for ever: ask for another.
      if (swaps === before) markStale(reply.stale ?? []);
      else sendLater(cell, PAUSE_MS);
      if (unsaved.size === 0) saved("Saved");
    } catch (error) {
      if (!(error instanceof NotDone)) throw error;
      sendLater(cell, RETRY_MS);
      saved("Not saved yet");
    }
  }
}

/** Say which cells no longer show what they would. @param {string[]} stale */
function markStale(stale) {
  for (const article of document.querySelectorAll("[data-cell]")) {
    const badge = /** @type {HTMLElement | null} */ (article.querySelector("[data-stale]"));
    if (badge) badge.hidden = !stale.includes(/** @type {HTMLElement} */ (article).dataset.cell ?? "");
  }
}

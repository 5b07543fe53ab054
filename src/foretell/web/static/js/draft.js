// Drafts go to the server within a second of typing, on blur, and when the page is left.
import { saved } from "./live.js";
import { NotDone, ofCell, post } from "./post.js";

const PAUSE_MS = 600;
const RETRY_MS = 3000;
/** Fields whose text the server does not have yet, by cell. @type {Map<string, HTMLTextAreaElement>} */
const unsaved = new Map();
let timer = 0;
/** The saves under way. @type {Promise<unknown>} */
let saving = Promise.resolve();

/** Save a field's text soon. @param {HTMLTextAreaElement} field */
export function saveSoon(field) {
  const article = /** @type {HTMLElement | null} */ (field.closest("[data-cell]"));
  if (!article?.dataset.cell) return;
  unsaved.set(article.dataset.cell, field);
  const reset = /** @type {HTMLButtonElement | null} */ (article.querySelector("[data-reset] button"));
  if (reset) reset.disabled = false;
  saved("Saving…");
  clearTimeout(timer);
  timer = window.setTimeout(() => saveNow(), PAUSE_MS);
}

/** Save what is not saved yet; done when the saves under way are. @param {{leaving?: boolean}} [how] */
export function saveNow(how = {}) {
  const done = Promise.all([saving, send(how)]);
  saving = done.catch(() => undefined);
  return done;
}

/** @param {{leaving?: boolean}} how */
async function send(how) {
  clearTimeout(timer);
  const todo = [...unsaved];
  unsaved.clear();
  for (const [cell, field] of todo) {
    try {
      const reply = await post(ofCell(cell, "draft"), { code: field.value }, how);
      markStale(reply.stale ?? []);
      if (unsaved.size === 0) saved("Saved");
    } catch (error) {
      if (!(error instanceof NotDone)) throw error;
      if (!unsaved.has(cell)) unsaved.set(cell, field);
      saved("Not saved yet");
      timer = window.setTimeout(() => saveNow(), RETRY_MS);
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

// The learner's own calls (match, partly, no) and their one-line notes.
import { say, saved } from "./live.js";
import { fieldsOf, post, submits } from "./post.js";
import { swap } from "./swap.js";

/** Wire the marks and the notes. */
export function startLedger() {
  submits("mark", mark);
  submits("note", keep);
  document.addEventListener("change", (event) => {
    const field = /** @type {HTMLElement} */ (event.target);
    const form = /** @type {HTMLFormElement | null} */ (field.closest("form[data-note]"));
    if (form && field.matches(".text")) form.requestSubmit();
  });
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
async function mark(form, submitter) {
  const reply = await post(/** @type {string} */ (form.getAttribute("action")), fieldsOf(form, submitter));
  swap(reply.cell ? { outline: reply.outline, sections: reply.sections, cells: { ...reply.cells, [reply.cellId]: reply.cell } } : reply);
  say(reply.announce ?? `Marked as ${submitter?.value}.`);
}

/** @param {HTMLFormElement} form */
async function keep(form) {
  saved("Saving…");
  await post(/** @type {string} */ (form.getAttribute("action")), fieldsOf(form, null));
  saved("Saved");
  say("Note kept.");
}

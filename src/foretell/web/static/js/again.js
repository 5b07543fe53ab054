// Asking a cell again: the form with new numbers takes the comparison's place, and the focus goes to its first field.
import { say } from "./live.js";
import { fieldsOf, post, submits } from "./post.js";
import { focusFirstOpen } from "./predict.js";
import { swap } from "./swap.js";

/** Wire the buttons that ask again. */
export const startAgain = () => submits("again", askAgain);

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
async function askAgain(form, submitter) {
  const cell = /** @type {HTMLElement} */ (form.closest("[data-cell]")).id;
  const reply = await post(/** @type {string} */ (form.getAttribute("action")), fieldsOf(form, submitter));
  swap(reply);
  const asked = document.querySelector(`#${CSS.escape(cell)} form.predict`);
  if (asked) focusFirstOpen(asked);
  say(reply.announce ?? "");
}

// Back to the starter, any number of times, and back from there.
import { saveNow } from "./draft.js";
import { say, toast } from "./live.js";
import { fieldsOf, post, submits } from "./post.js";
import { setEditorText } from "./editor-text.js";
import { swap } from "./swap.js";

/** Wire the reset forms. */
export const startResetting = () => submits("reset", reset);

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
async function reset(form, submitter) {
  const article = /** @type {HTMLElement} */ (form.closest("[data-cell]"));
  const field = /** @type {HTMLTextAreaElement} */ (article.querySelector("textarea[name=code]"));
  const old = field.value;
  const ways = /** @type {NodeListOf<HTMLButtonElement>} */ (article.querySelectorAll("[data-run-button], [data-lock]"));
  // Until the starter is here, Run would still send the old text.
  for (const way of ways) way.disabled = true;
  // A draft that arrived after the starter would take its place.
  await saveNow();
  const reply = await post(/** @type {string} */ (form.getAttribute("action")), fieldsOf(form, submitter)).finally(() => {
    for (const way of ways) way.disabled = false;
  });
  const template = document.createElement("template");
  template.innerHTML = reply.cell;
  const starter = /** @type {HTMLTextAreaElement} */ (template.content.querySelector("textarea[name=code]")).value;
  const { cells, sections, outline } = reply;
  swap({ cells: { ...cells, [/** @type {string} */ (article.dataset.cell)]: reply.cell }, sections, outline });
  setEditorText(article.id, starter);
  say("Reset to the starter. Control Z in the editor, or Undo at the end of the page, brings your code back.");
  toast("Reset to the starter.", () => setEditorText(article.id, old));
}

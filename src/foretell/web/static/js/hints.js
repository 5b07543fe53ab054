// Hints and the solution: each opening is one POST; an open hint folds away in place.
import { say, sayNow } from "./live.js";
import { fieldsOf, post, submits } from "./post.js";
import { swap } from "./swap.js";

/** Wire the hint buttons. */
export function startHints() {
  submits("help", open);
  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-fold]");
    const text = button && document.getElementById(button.getAttribute("aria-controls") ?? "");
    if (!button || !text) return;
    text.hidden = !text.hidden;
    button.setAttribute("aria-expanded", String(!text.hidden));
    button.classList.toggle("lamp", !text.hidden);
  });
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
async function open(form, submitter) {
  const cell = /** @type {string} */ (/** @type {HTMLElement} */ (form.closest("[data-cell]")).dataset.cell);
  const what = submitter?.value ?? "";
  const reply = await post(/** @type {string} */ (form.getAttribute("action")), fieldsOf(form, submitter));
  if (reply.cell) swap({ cells: { [cell]: reply.cell } });
  if (reply.problem) sayNow(reply.problem);
  else say(reply.announce ?? "");
  const place = document.getElementById(`cell-${cell}`);
  const shown = place?.querySelector(`[aria-controls="${CSS.escape(`${what}-${cell}`)}"]`) ?? place?.querySelector(".solution");
  /** @type {HTMLElement | null | undefined} */ (shown)?.focus({ preventScroll: true });
  if (shown?.matches(".solution")) shown.scrollIntoView({ block: "nearest" });
}

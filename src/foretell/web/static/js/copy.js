// The Copy buttons of code and output.
import { say, toast } from "./live.js";

/** Wire them. */
export function startCopying() {
  document.addEventListener("click", copy);
}

/** @param {MouseEvent} event */
async function copy(event) {
  const button = /** @type {Element} */ (event.target).closest("[data-act=copy], [data-act=copy-output]");
  const article = button?.closest("[data-cell]");
  if (!button || !article) return;
  const ofOutput = button.matches("[data-act=copy-output]");
  const field = /** @type {HTMLTextAreaElement | null} */ (article.querySelector("textarea[name=code]"));
  const text = ofOutput ? article.querySelector("[data-log]")?.textContent : field?.value ?? article.querySelector("pre.code")?.textContent;
  await write(text ?? "");
  say(ofOutput ? "Output copied." : "Code copied.");
  toast(ofOutput ? "Output copied." : "Code copied.");
}

/** Put a text on the clipboard; on a class's plain http address there is no `navigator.clipboard`. @param {string} text */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  focused?.focus();
}

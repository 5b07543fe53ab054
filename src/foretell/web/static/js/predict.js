// The prediction form: how an answer is read is shown while typing; a blank one is asked for once before it is skipped.
import { say } from "./live.js";
import { NotDone, inLesson, post } from "./post.js";

const PAUSE_MS = 150;
/** @type {Map<Element, number>} */
const waiting = new Map();

/** Echo readings while the learner types. */
export function startPredicting() {
  document.addEventListener("input", (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    const form = /** @type {HTMLFormElement | null} */ (field.closest("form.predict"));
    if (!form) return;
    delete form.dataset.warned;
    help(form, "");
    if (!field.classList.contains("text")) return;
    clearTimeout(waiting.get(field));
    waiting.set(field, window.setTimeout(() => echo(field), PAUSE_MS));
  });
  // What was typed before the scripts were here is read too.
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("form.predict .text"))) {
    if (field.value.trim() && !field.closest(".refused")) echo(field);
  }
}

/** @param {HTMLInputElement} field */
async function echo(field) {
  const question = /** @type {HTMLElement} */ (field.closest("[data-question]"));
  const [, , row] = field.name.match(/^answer:(.*):(\d+)$/) ?? ["", "", "0"];
  const text = field.value;
  let said;
  try {
    said = await post(inLesson("read"), { question: question.dataset.question ?? "", row, text });
  } catch (error) {
    if (error instanceof NotDone) return;
    throw error;
  }
  if (field.value !== text) return;
  waiting.delete(field);
  const place = question.querySelector(`[data-echo="${row}"]`);
  if (place) place.textContent = said.echo ?? "";
  problem(question, said.problem ?? "");
}

/** @param {Element} question @param {string} text */
function problem(question, text) {
  const place = /** @type {HTMLElement | null} */ (question.querySelector("[data-problem]"));
  if (!place) return;
  place.textContent = text;
  place.hidden = text === "";
  question.classList.toggle("refused", text !== "");
  for (const field of question.querySelectorAll(".text")) {
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

/** Say what is wanted, in the question it is about. @param {HTMLFormElement} form @param {string} text @param {Element | null} [field] */
function help(form, text, field = null) {
  const line = /** @type {HTMLElement | null} */ (form.querySelector("[data-help-line]"));
  if (!line) return;
  line.hidden = text === "";
  line.textContent = text;
  field?.closest("[data-question]")?.append(line);
  say(text);
}

/** @param {Element} question @returns {HTMLInputElement | null} the first answer that is still blank */
function blankIn(question) {
  const fields = /** @type {NodeListOf<HTMLInputElement>} */ (question.querySelectorAll("[name^='answer:']"));
  return [...fields].find((field) => {
    if (field.type !== "radio") return field.value.trim() === "";
    return question.querySelector(`[name="${CSS.escape(field.name)}"]:checked`) === null;
  }) ?? null;
}

/** @param {Element} question @returns {HTMLInputElement | null} the first blank row of a question with other rows filled */
function restOfBegun(question) {
  const fields = /** @type {NodeListOf<HTMLInputElement>} */ (question.querySelectorAll(".text[name^='answer:']"));
  return [...fields].some((field) => field.value.trim()) ? blankIn(question) : null;
}

/** @param {Element} question @returns {HTMLInputElement | null} the first stop, where none has been chosen */
function unsureIn(question) {
  const stops = /** @type {NodeListOf<HTMLInputElement>} */ (question.querySelectorAll("[name^='confidence:']"));
  return [...stops].some((stop) => stop.checked) ? null : stops[0] ?? null;
}

/** Whether an answer cannot be read; one that has been mended since is the server's to read. @param {Element} question */
const isUnread = (question) =>
  question.classList.contains("refused") &&
  !blankIn(question) &&
  ![...question.querySelectorAll(".text")].some((field) => waiting.has(field));

/** Whether every question of the form has an answer and a confidence. @param {Element} form */
export const isFilled = (form) =>
  [...form.querySelectorAll("[data-question]")].every((question) => !blankIn(question) && !unsureIn(question));

/** Go to the first thing of the form that is still to be filled. @param {Element} form */
export function focusFirstOpen(form) {
  for (const question of form.querySelectorAll("[data-question]")) {
    const open = blankIn(question) ?? unsureIn(question);
    if (open) return open.focus();
  }
}

/**
 * Decide what a press means: "refuse" (send as it is), "skip" (run without what is blank) or "held" (ask first).
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement | null} submitter
 * @returns {"refuse" | "skip" | "held"}
 */
export function holdBlank(form, submitter) {
  if (submitter?.value === "skip") return "skip";
  const questions = [...form.querySelectorAll("[data-question]")];
  const unread = questions.find(isUnread);
  if (unread) {
    help(form, "One answer cannot be read yet; mend it or clear it, then press again.", unread);
    unread.querySelector(/** @type {"input"} */ (".text"))?.focus();
    return "held";
  }
  const unsure = questions.map((question) => (blankIn(question) ? null : unsureIn(question))).find((stop) => stop !== null);
  if (unsure) {
    help(form, "Say how sure you are, then press again.", unsure);
    unsure.focus();
    return "held";
  }
  const blank = questions.map(blankIn).find((field) => field !== null);
  if (!blank) return "refuse";
  const begun = questions.map(restOfBegun).find((field) => field !== null);
  if (begun) {
    help(form, "Give every row an answer, or clear them all to leave the question out.", begun);
    begun.focus();
    return "held";
  }
  if (form.dataset.warned) return "leave";
  form.dataset.warned = "1";
  help(form, "Write what you expect, or press again to run without predicting.", blank);
  blank.focus();
  return "held";
}

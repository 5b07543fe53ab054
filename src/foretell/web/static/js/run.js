// Running a cell: the form goes by fetch, the stream fills the output while it runs, the end replaces what changed.
import { saveOthers } from "./draft.js";
import { kernel, say, sayNow, serverBack, toast } from "./live.js";
import { followEvents } from "./stream.js";
import { fieldsOf, post, submits } from "./post.js";
import { inPieces } from "./pieces.js";
import { holdBlank } from "./predict.js";
import { keepFocusInView } from "./sight.js";
import { swap } from "./swap.js";

/** Streams that are being followed, by address. @type {Set<string>} */
const followed = new Set();

/** Wire the run, stop and reference forms, and pick up runs that are under way. */
export function startRuns() {
  submits("run", run);
  submits("stop", stop);
  submits("reference", reference);
  inPieces(document);
  attachAll();
  // What came may run already: from another tab.
  document.addEventListener("foretell:swapped", attachAll);
}

/**
 * Press Run for a cell, as from its keyboard short cuts.
 * @param {Element} article
 * @param {"stay" | "advance"} then
 */
export function pressRun(article, then) {
  const form = /** @type {HTMLFormElement | null} */ (article.querySelector("form[data-run]"));
  const button = /** @type {HTMLButtonElement | null} */ (
    article.querySelector("[data-lock]:not(:disabled)") ?? article.querySelector("[data-run-button]:not(:disabled)")
  );
  if (!form || !button) return;
  form.dataset.then = then;
  form.requestSubmit(button);
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
async function run(form, submitter) {
  const article = /** @type {HTMLElement} */ (form.closest("[data-cell]"));
  const then = form.dataset.then ?? "stay";
  delete form.dataset.then;
  if (article.dataset.state === "running") return;
  const blank = holdBlank(form, submitter);
  if (blank === "held") return;
  const fields = fieldsOf(form, submitter);
  fields.set("blank", blank);
  const before = article.dataset.state ?? "none";
  article.dataset.state = "running";
  let reply;
  try {
    // It runs from what the server holds of the cells above, and what the server says of a draft is older than the run.
    await saveOthers(/** @type {string} */ (article.dataset.cell));
    reply = await post(/** @type {string} */ (form.getAttribute("action")), fields);
  } catch (error) {
    article.dataset.state = before;
    throw error;
  }
  const id = /** @type {string} */ (article.dataset.cell);
  // The stream first: what the run shows is on its way while the page lays itself out again.
  if (reply.events) attach(reply.events, id);
  if (reply.cell) swap({ cells: { [id]: reply.cell } });
  else if (!reply.events) article.dataset.state = before;
  if (reply.problem) refused(id, reply.problem);
  else say(reply.announce ?? "");
  if (then === "advance" && !reply.problem) {
    focusNext(id);
    keepFocusInView();
  }
}

/** @param {string} id @param {string} problem */
function refused(id, problem) {
  sayNow(problem);
  const article = document.getElementById(`cell-${id}`);
  const field = article?.querySelector(".question.refused :is(.text, input)") ?? article?.querySelector(".offer button");
  if (field) /** @type {HTMLElement} */ (field).focus();
  else toast(problem);
}

/** Follow every run that the page says is under way, each stream once, into the last cell it will reach. */
function attachAll() {
  /** @type {Map<string, string>} */
  const streams = new Map();
  for (const article of document.querySelectorAll("[data-events]")) {
    const { events, cell } = /** @type {HTMLElement} */ (article).dataset;
    if (events && cell) streams.set(events, cell);
  }
  for (const [events, cell] of streams) attach(events, cell);
}

/** @param {string} events @param {string} cell */
function attach(events, cell) {
  if (followed.has(events)) return;
  followed.add(events);
  const log = () => document.querySelector(`#cell-${CSS.escape(cell)} [data-log]`);
  const note = (/** @type {string} */ text) => {
    const place = document.querySelector(`#cell-${CSS.escape(cell)} [data-run-note]`);
    if (!place || place.lastChild?.textContent === ` ${text}`) return;
    place.lastChild?.nodeType === Node.TEXT_NODE ? (place.lastChild.textContent = ` ${text}`) : place.append(` ${text}`);
  };
  const checking = () => {
    note("checking…");
    say("Checking…");
    const button = document.querySelector(`#cell-${CSS.escape(cell)} form[data-stop] button`);
    if (button) button.textContent = "Stop";
  };
  const gone = () => {
    followed.delete(events);
    return catchUp();
  };
  followEvents(events, { log, note, checking, done: (said) => ended(events, cell, said), gone });
}

/** Take the page as it is on record now: the run ended, or the server was stopped, while nobody listened. */
async function catchUp() {
  const reply = await fetch(location.pathname);
  if (!reply.ok) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const sections = [...page.querySelectorAll("[data-section]")].map((section) => [section.id, section.outerHTML]);
  swap({ sections: Object.fromEntries(sections), outline: page.getElementById("outline")?.outerHTML });
  serverBack();
}

/** @param {string} events @param {string} cell @param {any} said */
function ended(events, cell, said) {
  followed.delete(events);
  swap(said);
  if (said.problem) {
    toast(said.problem);
    sayNow(said.problem);
  } else if (document.querySelector(`#cell-${CSS.escape(cell)}:is([data-state=failed], [data-state=limit], [data-state=crashed])`)) {
    sayNow(said.announce ?? "");
  } else say(said.announce ?? "");
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
async function stop(form, submitter) {
  if (submitter) submitter.textContent = "Stopping…";
  kernel("running", "Stopping…");
  const reply = await post(/** @type {string} */ (form.getAttribute("action")), fieldsOf(form, submitter));
  say(reply.announce ?? "Stopping…");
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} submitter */
async function reference(form, submitter) {
  const reply = await post(/** @type {string} */ (form.getAttribute("action")), fieldsOf(form, submitter));
  swap(reply);
  say(reply.announce ?? "");
}

/** @param {string} id */
function focusNext(id) {
  const articles = [...document.querySelectorAll("[data-cell]")];
  const next = articles[articles.findIndex((article) => article.id === `cell-${id}`) + 1];
  const control = next?.querySelector(".cm-content") ?? next?.querySelector("textarea.source") ?? next?.querySelector(".predict :is(.text, input[type=radio])")
    ?? next?.querySelector("[data-run-button]");
  /** @type {HTMLElement | null | undefined} */ (control)?.focus();
}

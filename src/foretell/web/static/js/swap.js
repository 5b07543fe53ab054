// Puts fragments from the server in the page without losing what a person is in the middle of: their editors, what they
// have typed in other forms, the focus, the place on the page.
import { inPieces } from "./pieces.js";

/** @type {((old: Element, fresh: Element) => void)[]} */
const carriers = [];
/** @type {((root: Element) => void)[]} */
const dressers = [];

/** Call `carry` for each replaced part, to move what lives from old to new. @param {(old: Element, fresh: Element) => void} carry */
export const carryWith = (carry) => void carriers.push(carry);

/** Call `dress` for the page now and for each new part later. @param {(root: Element) => void} dress */
export function dressWith(dress) {
  dressers.push(dress);
  dress(document.body);
}

/** Let every module see a new part of the page. @param {Element} root */
export const dressed = (root) => dressers.forEach((dress) => dress(root));

/**
 * Replace cells, sections and the outline by what the server sent.
 * @param {{cells?: Record<string, string>, sections?: Record<string, string>, outline?: string}} parts
 */
export function swap({ cells = {}, sections = {}, outline = "" }) {
  const focus = focusNow();
  const place = placeNow();
  document.documentElement.classList.add("swapping");
  for (const [key, html] of Object.entries(sections)) replace(document.getElementById(key), html);
  for (const [id, html] of Object.entries(cells)) replace(document.getElementById(`cell-${id}`), html);
  if (outline) replace(document.getElementById("outline"), outline);
  if (place) {
    const now = document.getElementById(place.id);
    if (now) window.scrollBy({ top: now.getBoundingClientRect().top - place.top, behavior: "instant" });
  }
  focusAgain(focus);
  requestAnimationFrame(() => document.documentElement.classList.remove("swapping"));
  document.dispatchEvent(new Event("foretell:swapped"));
}

/** @param {Element | null} old @param {string} html */
function replace(old, html) {
  if (!old) return;
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const fresh = template.content.firstElementChild;
  if (!fresh) return;
  inPieces(fresh);
  if (old.classList.contains("open")) fresh.classList.add("open");
  // The new part joins the page first: an editor moved through a template's own document would be torn.
  old.replaceWith(fresh);
  keepTyped(old, fresh);
  for (const carry of carriers) carry(old, fresh);
  dressed(fresh);
}

/** @param {HTMLInputElement | HTMLTextAreaElement} field */
const keyOf = (field) => {
  const scope = field.closest("[data-cell]")?.id ?? "";
  return `${scope} ${field.id || field.name} ${field.type === "radio" ? field.value : ""}`;
};

/** @param {Element} root @returns {NodeListOf<HTMLInputElement>} */
const typedIn = (root) => root.querySelectorAll("input.text, textarea.text, input[type=radio]");

/** @param {Element} old @param {Element} fresh */
function keepTyped(old, fresh) {
  const was = new Map([...typedIn(old)].map((field) => [keyOf(field), field]));
  for (const field of typedIn(fresh)) {
    const before = was.get(keyOf(field));
    if (!before) continue;
    if (field.type === "radio") field.checked = before.checked || (field.checked && !groupChecked(old, field.name));
    else if (before.value) field.value = before.value;
  }
}

/** @param {Element} root @param {string} name */
const groupChecked = (root, name) => root.querySelector(`input[name="${CSS.escape(name)}"]:checked`) !== null;

/** Where the focus is, in words that survive a replacement. */
function focusNow() {
  const element = /** @type {HTMLElement | null} */ (document.activeElement);
  if (!element || element === document.body) return null;
  const cell = element.closest("[data-cell]")?.id ?? "";
  const what = /** @type {HTMLInputElement} */ (element);
  const name = element.id
    ? `#${CSS.escape(element.id)}`
    : what.name
      ? `[name="${CSS.escape(what.name)}"]${what.value && what.type !== "text" ? `[value="${CSS.escape(what.value)}"]` : ""}`
      : element.dataset.act
        ? `[data-act="${element.dataset.act}"]`
        : "runButton" in element.dataset ? "[data-run-button]" : "";
  const question = cell ? /** @type {HTMLElement | null} */ (element.closest("[data-question]"))?.dataset.question : "";
  return { element, cell, name: name && question ? `[data-question="${CSS.escape(question)}"] ${name}` : name };
}

/** A control that is disabled while its cell runs: the focus waits at the toolbar and then goes back to it. */
let owed = { cell: "", name: "" };

/** @param {ReturnType<typeof focusNow>} before */
function focusAgain(before) {
  if (!before || document.activeElement === before.element) return;
  const cell = before.cell ? document.getElementById(before.cell) : document.body;
  if (!cell) return;
  const name = before.name || (before.element.matches("[data-tools]") && owed.cell === before.cell ? owed.name : "");
  const again = name ? /** @type {HTMLElement | null} */ (cell.querySelector(`${name}:not([hidden])`)) : null;
  const waits = again?.matches(":disabled") ?? false;
  if (before.cell) owed = waits ? { cell: before.cell, name } : { cell: "", name: "" };
  const landing = before.cell && !waits ? cell.querySelector("[data-land]") : null;
  /** @type {(Element | null | undefined)[]} */
  const places = [
    before.element.isConnected ? before.element : null,
    again,
    again?.closest("details")?.querySelector("summary"),
    landing,
    before.cell ? cell.querySelector("[data-tools]") : null,
  ];
  // Some of these cannot take it just now: disabled while the cell runs, or in a menu that is closed again.
  const place = /** @type {(HTMLElement | null | undefined)[]} */ (places).find((each) => {
    each?.focus({ preventScroll: true });
    return each && document.activeElement === each;
  });
  // A form that became a comparison is shorter: what has the focus may have gone above the top.
  if (place && place === landing) place.scrollIntoView({ block: "nearest", behavior: "instant" });
}

/** The first cell or section in view, and where it stands. */
function placeNow() {
  const parts = [...document.querySelectorAll("[data-cell], [data-section]")];
  const holder = document.activeElement?.closest("[data-cell]");
  const seen = holder && inView(holder) ? holder : parts.find((part) => part.matches("[data-cell]") && inView(part));
  const anchor = seen ?? parts.find(inView);
  return anchor ? { id: anchor.id, top: anchor.getBoundingClientRect().top } : null;
}

/** @param {Element} part */
function inView(part) {
  const box = part.getBoundingClientRect();
  return box.bottom > 60 && box.top < innerHeight;
}

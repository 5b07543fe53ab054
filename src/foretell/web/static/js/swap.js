// Puts fragments from the server in the page without losing what a person is in the middle of: their editors, what they
// have typed in other forms, the focus, the place on the page.

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
  return { element, cell, name };
}

/** @param {ReturnType<typeof focusNow>} before */
function focusAgain(before) {
  if (!before || document.activeElement === before.element) return;
  const cell = before.cell ? document.getElementById(before.cell) : document.body;
  if (!cell) return;
  /** @type {(HTMLElement | null)[]} */
  const places = [
    before.element.isConnected ? before.element : null,
    before.name ? cell.querySelector(`${before.name}:not(:disabled, [hidden])`) : null,
    before.cell ? cell.querySelector("[data-land]") ?? cell.querySelector("[data-tools]") : null,
  ];
  places.find((place) => place !== null)?.focus({ preventScroll: true });
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

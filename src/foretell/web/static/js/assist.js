// Completion and docs, asked of the learner's own Python on the server.
import { say } from "./live.js";
import { NotDone, ofCell, post } from "./post.js";

/** Python counts characters, the browser counts UTF-16 units. @param {string} text @param {number} units */
const toCharacters = (text, units) => [...text.slice(0, units)].length;

/** @param {string} text @param {number} characters */
const toUnits = (text, characters) => [...text].slice(0, characters).join("").length;

/** The cell whose Python answers; the scratch cell asks as the last one. @param {Element} dom */
function cellOf(dom) {
  const article = dom.closest("[data-cell]") ?? [...document.querySelectorAll("[data-cell]")].pop();
  return /** @type {HTMLElement | undefined} */ (article)?.dataset.cell;
}

/**
 * The completion source: by itself after a dot, else only when asked.
 * @param {any} context
 */
export async function completions(context) {
  if (!context.explicit && !context.matchBefore(/[\w)\]]\.\w*$/)) return null;
  const code = context.state.doc.toString();
  const cell = context.view && cellOf(context.view.dom);
  if (!cell) return null;
  let said;
  try {
    said = await post(ofCell(cell, "complete"), { code, cursor: String(toCharacters(code, context.pos)) });
  } catch (error) {
    if (error instanceof NotDone) return null;
    throw error;
  }
  if (!said.matches?.length) return null;
  return {
    from: toUnits(code, said.start),
    to: toUnits(code, said.end),
    options: said.matches.map((/** @type {string} */ label) => ({ label })),
    validFor: /^\w*$/,
  };
}

/** @param {any} view @returns {HTMLElement | null} */
const pane = (view) => view.dom.parentElement?.querySelector(".docs") ?? null;

/** Whether docs stand under the editor. @param {any} view */
export const docsOpen = (view) => pane(view) !== null;

/** Take the docs away. @param {any} view */
export const closeDocs = (view) => pane(view)?.remove();

/** Show the docs of what stands before a place. @param {any} view @param {number} at */
export async function docsFor(view, at) {
  const code = view.state.doc.toString();
  const cell = cellOf(view.dom);
  if (!cell) return;
  let said;
  try {
    said = await post(ofCell(cell, "inspect"), { code, cursor: String(toCharacters(code, at)) });
  } catch (error) {
    if (error instanceof NotDone) return;
    throw error;
  }
  closeDocs(view);
  const text = said.text || "No docs for this name. It may not have a value yet: run the cell first.";
  const shown = document.createElement("aside");
  shown.className = "docs";
  shown.setAttribute("aria-label", "Docs");
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn quiet", textContent: "Close" });
  close.addEventListener("click", () => {
    closeDocs(view);
    view.focus();
  });
  const body = Object.assign(document.createElement("pre"), { textContent: text, tabIndex: 0 });
  body.setAttribute("role", "group");
  body.setAttribute("aria-label", "Text of the docs");
  shown.append(close, body);
  view.dom.after(shown);
  say(`Docs: ${text.split("\n").slice(0, 3).join(" ").replace(/\.$/, "")}. Escape closes them.`);
}

// Where the reader is: the outline's mark, the phone's dock and its outline drawer.
import { focusFirstOpen, isFilled } from "./predict.js";
import { pressRun } from "./run.js";

let frame = 0;

/** Follow the reader. */
export function startWhere() {
  const look = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(update);
  };
  addEventListener("scroll", look, { passive: true });
  addEventListener("resize", look);
  document.addEventListener("foretell:swapped", look);
  document.addEventListener("input", look);
  startDrawer();
  startDock();
  update();
}

/** @param {string} selector @returns {Element | null} the last of these whose top has been passed */
function passed(selector) {
  const line = Math.min(innerHeight * 0.4, 320);
  const all = [...document.querySelectorAll(selector)];
  return all.filter((part) => part.getBoundingClientRect().top < line).pop() ?? all[0] ?? null;
}

function update() {
  const section = passed("[data-section]");
  for (const link of document.querySelectorAll("#outline .toc a")) {
    if (section && link.getAttribute("href") === `#${section.id}`) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
  updateDock(passed("[data-cell]"));
}

/** @param {Element | null} article */
function updateDock(article) {
  const dock = document.getElementById("dock");
  const button = dock?.querySelector("[data-dock=run]");
  const hints = /** @type {HTMLElement | null | undefined} */ (dock?.querySelector("[data-dock=help]"));
  if (!dock || !button || !hints) return;
  dock.hidden = article === null || article.querySelector("[data-run-button]") === null;
  hints.hidden = !article?.querySelector("[data-help-card]");
  const form = article?.querySelector("form.predict");
  const running = /** @type {HTMLElement | null} */ (article)?.dataset.state === "running";
  button.textContent = running ? "Stop" : !form ? "Run" : isFilled(form) ? "Lock in and run" : "Predict this run";
}

function startDock() {
  document.getElementById("dock")?.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-dock]"));
    const article = /** @type {HTMLElement | null} */ (passed("[data-cell]"));
    if (!button || !article) return;
    if (button.dataset.dock === "help") {
      article.querySelector("[data-help-card]")?.scrollIntoView({ block: "start" });
      return;
    }
    const form = article.querySelector("form.predict");
    if (article.dataset.state === "running") {
      /** @type {HTMLFormElement | null} */ (article.querySelector("form[data-stop]"))?.requestSubmit();
    } else if (form && !isFilled(form)) {
      form.scrollIntoView({ block: "start" });
      focusFirstOpen(form);
    } else pressRun(article, "stay");
  });
}

/** The outline as a drawer on small screens. */
function startDrawer() {
  const button = /** @type {HTMLElement | null} */ (document.querySelector(".menu"));
  if (!button) return;
  /** @param {"open" | "closed"} state */
  const set = (state) => {
    document.getElementById("outline")?.classList.toggle("open", state === "open");
    button.setAttribute("aria-expanded", String(state === "open"));
  };
  button.addEventListener("click", () => {
    const opens = button.getAttribute("aria-expanded") !== "true";
    set(opens ? "open" : "closed");
    if (opens) /** @type {HTMLElement | null} */ (document.querySelector("#outline a"))?.focus();
  });
  document.addEventListener("click", (event) => {
    if (/** @type {Element} */ (event.target).closest("#outline a")) set("closed");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || button.getAttribute("aria-expanded") !== "true") return;
    set("closed");
    button.focus();
  });
}

// KaTeX, fetched only when the page holds maths. Without it the TeX source stands there, readable.
import { dressWith } from "./swap.js";

/** @type {Promise<any> | null} */
let loading = null;

/** Render the maths of the page and of what comes later. */
export function startMaths() {
  dressWith((root) => {
    const open = root.querySelectorAll(".math:not([data-done])");
    if (open.length) render([...open]);
  });
}

function load() {
  if (!document.querySelector('link[href$="katex.min.css"]')) {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = "/static/vendor/katex/katex.min.css";
    document.head.append(sheet);
  }
  return import("../vendor/katex/katex.min.js");
}

/** @param {Element[]} places */
async function render(places) {
  for (const place of places) /** @type {HTMLElement} */ (place).dataset.done = "";
  loading ??= load();
  const { default: katex } = await loading;
  for (const place of places) {
    const tex = place.textContent ?? "";
    katex.render(tex, place, {
      displayMode: place.classList.contains("block"),
      throwOnError: false,
      trust: false,
      maxExpand: 500,
      maxSize: 20,
      output: "htmlAndMathml",
    });
  }
}

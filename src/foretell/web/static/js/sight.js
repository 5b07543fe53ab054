// After Shift+Enter the focus is in the next cell, and what the cell above shows pushes it down and out of view.

const ACTS = ["keydown", "pointerdown", "wheel", "touchmove"];

/** Keep what has the focus in view while the page grows, until the person does something. */
export function keepFocusInView() {
  const follower = new ResizeObserver(() => {
    const place = document.activeElement?.closest("[data-cell]") ? document.activeElement : null;
    place?.scrollIntoView({ block: "nearest", behavior: "instant" });
  });
  follower.observe(/** @type {Element} */ (document.getElementById("main")));
  for (const act of ACTS) addEventListener(act, () => follower.disconnect(), { once: true, capture: true, passive: true });
}

// What a person is told beside the page: live regions, the status line, the banner when the server is away, the toast.

/** @param {string} id */
const byId = (id) => document.getElementById(id);

/** @param {string} id @param {string} text */
function speak(id, text) {
  const place = byId(id);
  if (!place || !text) return;
  // The same sentence twice is announced twice only when the text really changes.
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = text; });
}

/** Announce when there is time. @param {string} text */
export const say = (text) => speak("say", text);

/** Announce at once: problems. @param {string} text */
export const sayNow = (text) => speak("say-now", text);

/** The state of Python in the top bar. @param {"ready" | "running" | "away"} state @param {string} text */
export function kernel(state, text) {
  const place = byId("kernel");
  if (!place) return;
  place.dataset.kernel = state;
  const words = place.querySelector("[data-text]");
  if (words && words.textContent !== text) words.textContent = text;
}

/** The state of the drafts in the top bar. @param {string} text */
export function saved(text) {
  const place = byId("saved");
  if (place && place.textContent !== text) place.textContent = text;
}

/** Show that the server cannot be reached, until `serverBack`. @param {string} text */
export function serverAway(text) {
  const banner = byId("away");
  if (banner) {
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = false;
  }
  kernel("away", "Not connected");
}

/** The server has answered. */
export function serverBack() {
  const banner = byId("away");
  if (!banner || banner.hidden) return;
  banner.hidden = true;
  kernel("ready", "Python ready");
  say("Connected again.");
}

let fading = 0;

/**
 * Show a sentence at the foot of the page, with a way back where there is one.
 * @param {string} text
 * @param {(() => void) | null} [undo]
 */
export function toast(text, undo = null) {
  const place = byId("toast");
  if (!place) return;
  const button = /** @type {HTMLButtonElement} */ (place.querySelector("button"));
  /** @type {HTMLElement} */ (place.querySelector("[data-text]")).textContent = text;
  button.hidden = undo === null;
  button.onclick = () => {
    place.hidden = true;
    undo?.();
  };
  place.hidden = false;
  clearTimeout(fading);
  // Long enough to read and to reach with a keyboard; a toast with the focus in it stays.
  fading = window.setTimeout(function fade() {
    if (place.contains(document.activeElement) || place.matches(":hover")) fading = window.setTimeout(fade, 2000);
    else place.hidden = true;
  }, 15000);
}

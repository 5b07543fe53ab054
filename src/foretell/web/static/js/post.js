// Talking to the server: one POST, one JSON reply; and forms that are sent that way when scripts run.
import { sayNow, serverAway, serverBack, toast } from "./live.js";

/** The server did not do it, and the person has been told why. */
export class NotDone extends Error {}

/** A key for one action. `crypto.randomUUID` is missing on a class's plain http address. */
function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} name */
const meta = (name) => /** @type {HTMLMetaElement} */ (document.querySelector(`meta[name="${name}"]`)).content;

/** The address of something in this page's lesson. @param {string} path */
export const inLesson = (path) => `/l/${document.body.dataset.lesson}/${path}`;

/** The address of something of a cell. @param {string} cell @param {string} path */
export const ofCell = (cell, path) => inLesson(`cells/${encodeURIComponent(cell)}/${path}`);

/**
 * Send fields and give the JSON reply; a refused form that comes back with its cell is a reply like any other.
 * @param {string} url
 * @param {FormData | Record<string, string>} fields
 * @param {{leaving?: boolean}} [how] `leaving`: the page is going away, the request must outlive it
 * @returns {Promise<any>}
 */
export async function post(url, fields, how = {}) {
  const body = new URLSearchParams();
  const pairs = fields instanceof FormData ? [...fields.entries()] : Object.entries(fields);
  for (const [name, value] of pairs) body.append(name, String(value));
  if (!(fields instanceof FormData) || !fields.get("key")) body.set("key", freshKey());
  let reply;
  try {
    reply = await fetch(url, {
      method: "POST",
      body,
      keepalive: how.leaving ?? false,
      headers: { "X-Foretell-Token": meta("foretell-token"), "X-Foretell-Fragment": "1", Accept: "application/json" },
    });
  } catch (cause) {
    const advice = document.getElementById("away")?.dataset.advice ?? "";
    serverAway(`foretell does not answer. What you typed is still here, and this page keeps trying. ${advice}`.trim());
    throw new NotDone("no answer", { cause });
  }
  const isJson = reply.headers.get("content-type")?.includes("json");
  const said = isJson ? await reply.json() : {};
  const refused = isJson && reply.status >= 400 && reply.status < 500 && ![403, 421].includes(reply.status);
  if (reply.ok || refused) serverBack();
  if (reply.ok || (refused && said.cell)) return said;
  const problem = said.problem ?? `foretell answered ${reply.status}. Reload this page, or open its address anew.`;
  if (refused) {
    toast(problem);
    sayNow(problem);
  } else serverAway(problem);
  throw new NotDone(`status ${reply.status}`);
}

/**
 * Send every form marked `data-<kind>` through `handler` instead of leaving the page.
 * @param {string} kind
 * @param {(form: HTMLFormElement, submitter: HTMLButtonElement | null) => Promise<void>} handler
 */
export function submits(kind, handler) {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!(kind in form.dataset)) return;
    event.preventDefault();
    handler(form, /** @type {HTMLButtonElement | null} */ (event.submitter)).catch((error) => {
      if (!(error instanceof NotDone)) throw error;
    });
  });
}

/**
 * The fields of a form as pressed, with a fresh key.
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement | null} submitter
 */
export function fieldsOf(form, submitter) {
  const fields = new FormData(form, submitter);
  fields.set("key", freshKey());
  return fields;
}

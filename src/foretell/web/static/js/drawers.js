// At the foot of the lesson: a scratch cell that is thrown away, the variables as they stand, starting over.
import { saveNow } from "./draft.js";
import { say, sayNow } from "./live.js";
import { NotDone, fieldsOf, inLesson, post, submits } from "./post.js";
import { followEvents } from "./stream.js";

/** Wire the drawers. */
export function startDrawers() {
  const drawers = document.getElementById("drawers");
  if (drawers) drawers.hidden = false;
  document.querySelector("[data-act=scratch]")?.addEventListener("click", () => runScratch());
  document.querySelector("#scratch [data-act=stop]")?.addEventListener("click", () => quietly(post(inLesson("stop"), {})));
  const variables = /** @type {HTMLDetailsElement | null} */ (document.getElementById("variables"));
  const refresh = () => variables?.open && quietly(listVariables(variables));
  variables?.addEventListener("toggle", refresh);
  document.addEventListener("foretell:swapped", refresh);
  submits("post", async (form, submitter) => {
    const reply = await post(/** @type {string} */ (form.getAttribute("action")), fieldsOf(form, submitter));
    if (reply.location) location.assign(reply.location);
  });
}

/** @param {Promise<unknown>} work */
const quietly = (work) => work.catch((error) => { if (!(error instanceof NotDone)) throw error; });

/** Run the scratch cell after what has been run so far. */
export async function runScratch() {
  const drawer = /** @type {HTMLElement} */ (document.getElementById("scratch"));
  const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("scratch-code"));
  const out = /** @type {HTMLElement} */ (drawer.querySelector("[data-out]"));
  const log = /** @type {HTMLElement} */ (drawer.querySelector("[data-log]"));
  const note = /** @type {HTMLElement} */ (drawer.querySelector("[data-run-note]"));
  const [run, stop] = /** @type {HTMLButtonElement[]} */ ([...drawer.querySelectorAll(".acts button")]);
  if (run.disabled) return;
  run.disabled = true;
  stop.disabled = false;
  out.hidden = false;
  log.replaceChildren();
  /** @param {string} text */
  const end = (text) => {
    run.disabled = false;
    stop.disabled = true;
    note.textContent = text;
  };
  note.textContent = "running";
  say("Running.");
  try {
    await saveNow();
    const reply = await post(inLesson("scratch"), { code: field.value, after: "" });
    followEvents(reply.events, {
      log: () => log,
      note: (text) => { note.textContent = text; },
      gone: async () => end("lost"),
      done: (said) => {
        end("thrown away");
        const failed = log.querySelector(".out-error-told") ?? log.querySelector(".out-error-last");
        if (failed) sayNow(`Scratch run ended with ${failed.textContent}`);
        else say(said.announce ?? "Scratch run finished.");
      },
    });
  } catch (error) {
    end("not run");
    if (!(error instanceof NotDone)) throw error;
    sayNow("The scratch cell was not run.");
  }
}

/** @param {Element} drawer */
async function listVariables(drawer) {
  const reply = await fetch(inLesson("variables"), { headers: { "X-Foretell-Fragment": "1" } });
  if (!reply.ok) return;
  const { rows } = await reply.json();
  const body = /** @type {HTMLElement} */ (drawer.querySelector("tbody"));
  body.replaceChildren(...rows.map((/** @type {string[]} */ cells) => {
    const line = document.createElement("tr");
    line.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
    return line;
  }));
  /** @type {HTMLElement} */ (drawer.querySelector("[data-empty]")).hidden = rows.length > 0;
  /** @type {HTMLElement} */ (drawer.querySelector("[data-scroll]")).hidden = rows.length === 0;
}

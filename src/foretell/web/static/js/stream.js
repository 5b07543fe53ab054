// The events of one run, into one output log. The stream is open only while the run lives.
import { kernel, serverAway, serverBack } from "./live.js";
import { dressed } from "./swap.js";

/**
 * @typedef {object} Follower
 * @property {() => Element | null} log where outputs go; asked each time, since the cell may be replaced meanwhile
 * @property {(text: string) => void} note says how far the run is
 * @property {(said: any) => void} done takes what changed
 * @property {() => Promise<void>} gone the server no longer knows this run
 */

/** How many runs are being followed; Python is ready when none is. */
let open = 0;

function closed() {
  open -= 1;
  if (open === 0) kernel("ready", "Python ready");
}

/**
 * Follow a run until its end.
 * @param {string} address
 * @param {Follower} follower
 */
export function followEvents(address, follower) {
  const source = new EventSource(address);
  let clearFirst = false;
  open += 1;
  kernel("running", "Running");
  /** @param {string} name @param {(said: any) => void} act */
  const on = (name, act) => source.addEventListener(name, (event) => act(JSON.parse(/** @type {MessageEvent} */ (event).data)));

  on("queued", () => follower.note("waiting for its turn"));
  on("waiting", (said) => follower.note(inWords(said.ahead)));
  on("replaying", (said) => follower.note(said.done < said.total ? `running earlier cells again: ${said.done} of ${said.total}` : "running"));
  on("cell", () => {
    clearFirst = true;
    follower.note("running");
  });
  on("output", (said) => {
    const log = follower.log();
    if (!log) return;
    if (clearFirst) log.replaceChildren();
    clearFirst = false;
    follower.note("running");
    keepingToEnd(log, () => append(log, said));
  });
  on("update", (said) => {
    for (const shown of follower.log()?.querySelectorAll(`[data-display="${CSS.escape(said.display)}"]`) ?? []) {
      shown.innerHTML = said.html;
      dressed(shown);
    }
  });
  on("failure", (said) => {
    const shown = [...(follower.log()?.querySelectorAll(":scope > .out-error") ?? [])].at(-1);
    if (!shown) return;
    shown.insertAdjacentHTML("afterend", said.html);
    if (shown.nextElementSibling) dressed(shown.nextElementSibling);
    shown.remove();
  });
  on("clear", (said) => {
    if (said.wait) clearFirst = true;
    else follower.log()?.replaceChildren();
  });
  on("done", (said) => {
    source.close();
    closed();
    follower.done(said);
  });
  source.onopen = () => {
    serverBack();
    kernel("running", "Running");
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) closed();
    serverAway("The connection to foretell is lost. Your work is kept; this page keeps trying.");
    // The browser tries again by itself, unless the server has answered that it knows no such run.
    if (source.readyState === EventSource.CLOSED) follower.gone().catch(() => {});
  };
}

/** The place in the queue of the server, 0 once the run's turn has come. @param {number} ahead */
function inWords(ahead) {
  if (ahead < 1) return "running";
  return ahead === 1 ? "Waiting: 1 run is ahead of yours" : `Waiting: ${ahead} runs are ahead of yours`;
}

/** @param {Element} log @param {any} said */
function append(log, said) {
  const last = /** @type {HTMLElement | null} */ (log.lastElementChild);
  const continues = said.stream && last?.dataset.stream === said.stream;
  if (continues && last) {
    if (said.whole) last.textContent = said.text;
    else last.append(said.text);
    return;
  }
  if (said.html) {
    log.insertAdjacentHTML("beforeend", said.html);
    if (log.lastElementChild) dressed(log.lastElementChild);
  } else {
    const text = document.createElement("pre");
    text.className = "out-stream";
    text.dataset.stream = said.stream;
    text.textContent = said.text;
    log.append(text);
  }
}

/** Keep a log that is read at its end at its end. @param {Element} log @param {() => void} change */
function keepingToEnd(log, change) {
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  change();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

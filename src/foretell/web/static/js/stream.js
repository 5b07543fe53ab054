// The events of one run, into one output log. The stream is open only while the run lives.
import { kernel, serverAway, serverBack } from "./live.js";
import { gathering } from "./log.js";

/**
 * @typedef {object} Follower
 * @property {() => Element | null} log where outputs go; asked each time, since the cell may be replaced meanwhile
 * @property {(text: string) => void} note says how far the run is
 * @property {() => void} checking the run has ended, and what was written is being checked
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
  const shown = gathering(follower.log);
  open += 1;
  kernel("running", "Running");
  /** @param {string} name @param {(said: any) => void} act */
  const on = (name, act) => source.addEventListener(name, (event) => act(JSON.parse(/** @type {MessageEvent} */ (event).data)));

  on("queued", () => follower.note("waiting for its turn"));
  on("waiting", (said) => follower.note(inWords(said.ahead)));
  on("replaying", (said) => follower.note(said.done < said.total ? `running earlier cells again: ${said.done} of ${said.total}` : "running"));
  for (const name of ["cell", "output", "update", "failure", "clear"]) {
    on(name, (said) => {
      if (name === "cell" || name === "output") follower.note("running");
      shown.add(name, said);
    });
  }
  on("checking", () => {
    kernel("running", "Checking");
    follower.checking();
  });
  on("done", (said) => {
    source.close();
    closed();
    // What takes the place of the cell holds all of it.
    if (Object.keys(said.cells ?? {}).length === 0) shown.show();
    else shown.drop();
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

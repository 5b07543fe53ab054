// What a run shows, gathered and put in its output log once a frame: a page that lays itself out for each line printed
// has no time left for Stop.
import { grow } from "./pieces.js";
import { dressed } from "./swap.js";

const MOST_MS_BETWEEN_FRAMES = 250;

/**
 * The output log of one run: takes what it shows in order.
 * @param {() => Element | null} where the log; asked each time, since the cell may be replaced meanwhile
 */
export function gathering(where) {
  /** @type {{name: string, said: any}[]} */
  const due = [];
  let clearFirst = false;
  let frame = 0;
  let timer = 0;

  /** Give what is gathered, which is then no longer waited for. */
  function drop() {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = timer = 0;
    return due.splice(0);
  }

  /** Put what is gathered in the log. */
  function show() {
    const all = drop();
    const log = where();
    if (!log || all.length === 0) return;
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    for (const { name, said } of all) put(log, name, said);
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  /** @param {Element} log @param {string} name @param {any} said */
  function put(log, name, said) {
    if (name === "cell" || (name === "clear" && said.wait)) clearFirst = true;
    else if (name === "clear") log.replaceChildren();
    else if (name === "update") update(log, said);
    else if (name === "failure") explain(log, said);
    else {
      if (clearFirst) log.replaceChildren();
      clearFirst = false;
      append(log, said);
    }
  }

  return {
    /** @param {string} name @param {any} said */
    add(name, said) {
      const last = due.at(-1);
      if (name === "output" && said.stream && last?.said.stream === said.stream) {
        last.said = said.whole ? said : { ...last.said, text: last.said.text + said.text };
      } else if (name === "update" && last?.name === name && last.said.display === said.display) {
        last.said = said;
      } else due.push({ name, said });
      // A tab that nobody sees has no frames.
      if (!frame) frame = requestAnimationFrame(show);
      if (!timer) timer = window.setTimeout(show, MOST_MS_BETWEEN_FRAMES);
    },
    drop,
    show,
  };
}

/** @param {Element} log @param {any} said */
function update(log, said) {
  for (const shown of log.querySelectorAll(`[data-display="${CSS.escape(said.display)}"]`)) {
    shown.innerHTML = said.html;
    dressed(shown);
  }
}

/** @param {Element} log @param {any} said */
function explain(log, said) {
  const shown = [...log.querySelectorAll(":scope > .out-error")].at(-1);
  if (!shown) return;
  shown.insertAdjacentHTML("afterend", said.html);
  if (shown.nextElementSibling) dressed(shown.nextElementSibling);
  shown.remove();
}

/** @param {Element} log @param {any} said */
function append(log, said) {
  const last = /** @type {HTMLElement | null} */ (log.lastElementChild);
  if (said.stream && last?.dataset.stream === said.stream) {
    if (said.whole) last.replaceChildren();
    grow(last, said.text);
  } else if (said.html) {
    log.insertAdjacentHTML("beforeend", said.html);
    if (log.lastElementChild) dressed(log.lastElementChild);
  } else {
    const text = document.createElement("pre");
    text.className = "out-stream";
    text.dataset.stream = said.stream;
    grow(text, said.text);
    log.append(text);
  }
}

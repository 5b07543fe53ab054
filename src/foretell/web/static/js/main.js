// Wires the modules to the page. Each page works as plain forms when any of them fails.
import { startCopying } from "./copy.js";
import { startFrames } from "./frames.js";
import { startHints } from "./hints.js";
import { startLedger } from "./ledger.js";
import { startResetting } from "./reset.js";
import { startTheme } from "./theme.js";

startTheme();
startFrames();

if (document.body.dataset.lesson) {
  startCopying();
  startLedger();
  startResetting();
  startHints();
  const [run, predict, again, keys, where, drawers] = await Promise.all([
    import("./run.js"), import("./predict.js"), import("./again.js"), import("./keys.js"), import("./where.js"),
    import("./drawers.js"),
  ]);
  run.startRuns();
  predict.startPredicting();
  again.startAgain();
  keys.startKeys();
  where.startWhere();
  drawers.startDrawers();
  if (document.querySelector("[data-editor], [data-cell]")) {
    const editor = await import("./editor.js");
    editor.startEditors();
  }
}
if (document.querySelector(".math, [data-cell]")) {
  const maths = await import("./maths.js");
  maths.startMaths();
}
document.documentElement.dataset.ready = "";

// Long printed text stands in pieces of whole lines: the browser lays out those in view, and what is added to the end
// leaves all others as they are.

const LINES_OF_A_PIECE = 200;
const LINE_HEIGHT_EM = 1.55;

/** Add text to the end of what was printed. @param {Element} printed @param {string} text */
export function grow(printed, text) {
  const last = printed.lastChild;
  const open = last instanceof Text ? last : printed.appendChild(new Text());
  const ends = open.data + text;
  const lines = ends.split("\n");
  if (lines.length <= LINES_OF_A_PIECE) {
    open.appendData(text);
    return;
  }
  open.data = lines.pop() ?? "";
  while (lines.length > 0) open.before(piece(lines.splice(0, LINES_OF_A_PIECE)));
}

/** Put long texts in pieces. @param {ParentNode} root */
export function inPieces(root) {
  for (const printed of root.querySelectorAll("pre.out-stream")) {
    const text = printed.textContent ?? "";
    if (printed.childElementCount > 0 || text.length < LINES_OF_A_PIECE) continue;
    printed.replaceChildren();
    grow(printed, text);
  }
}

/** @param {string[]} lines */
function piece(lines) {
  const made = document.createElement("span");
  made.className = "piece";
  made.textContent = `${lines.join("\n")}\n`;
  made.style.containIntrinsicBlockSize = `auto ${lines.length * LINE_HEIGHT_EM}em`;
  return made;
}

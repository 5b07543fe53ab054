// The text of a cell's editor, whether it is CodeMirror or still the plain text area.

/** Live editors by the element they stand in. @type {WeakMap<Element, {setText(text: string): void}>} */
export const editors = new WeakMap();

/** Give a cell's editor another text, as an edit that can be undone. @param {string} id the article's id @param {string} text */
export function setEditorText(id, text) {
  const field = /** @type {HTMLTextAreaElement | null} */ (document.querySelector(`#${CSS.escape(id)} textarea[name=code]`));
  if (!field) return;
  const editor = field.parentElement && editors.get(field.parentElement);
  if (editor) editor.setText(text);
  else field.value = text;
}

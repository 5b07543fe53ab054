// What foretell uses of CodeMirror 6, and one theme on CSS variables (light and dark are the page's business).
import { EditorView } from "@codemirror/view";

export { Compartment, EditorState, Prec } from "@codemirror/state";
export {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, hoverTooltip,
  keymap, lineNumbers, showTooltip,
} from "@codemirror/view";
export {
  defaultKeymap, history, historyKeymap, indentLess, indentMore, insertTab, undo,
} from "@codemirror/commands";
export { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language";
export {
  acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap,
  completionStatus, startCompletion,
} from "@codemirror/autocomplete";
export { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
export { python } from "@codemirror/lang-python";
export { classHighlighter } from "@lezer/highlight";

export const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "transparent", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "2px solid var(--yours)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.53" },
  ".cm-content": { padding: "9px 0", caretColor: "var(--yours)", fontVariantLigatures: "none" },
  ".cm-line": { padding: "0 14px 0 2px" },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--ink-3)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "42px", padding: "0 12px 0 0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--yours) 6%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--yours)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--yours) 24%, transparent)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--lamp-bg)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--yours-bg)", outline: "1px solid var(--yours)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--miss-bg)" },
  ".cm-tooltip": {
    backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "6px",
    boxShadow: "0 6px 20px var(--shade)", overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "14em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 12px 3px 8px", lineHeight: "1.5" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--yours)", color: "var(--on-yours)" },
  ".cm-panels": { backgroundColor: "var(--sunk)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button": {
    background: "var(--card)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "4px",
  },
  ".cm-searchMatch": { backgroundColor: "var(--lamp-bg)", outline: "1px solid var(--lamp)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--yours-bg)" },
});

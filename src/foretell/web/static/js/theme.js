// Light or dark: the system's choice until the learner makes one.

/** Wire the theme button. */
export function startTheme() {
  const button = document.getElementById("theme");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const chosen = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = chosen === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("foretell-theme", root.dataset.theme);
    } catch {
      // Storage is refused: the choice lasts as long as the page.
    }
  });
}

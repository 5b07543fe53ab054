// Runs before the first paint, so that neither the theme nor the outline flashes. Classic script on purpose.
document.documentElement.dataset.js = "";
try {
  const theme = localStorage.getItem("foretell-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused in some private windows; the page then follows the system.
}

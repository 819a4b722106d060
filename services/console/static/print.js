// Buttons that print: shown where there is script; without it the browser's own printing does the same.
"use strict";
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

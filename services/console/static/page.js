// Small comforts that every page shares; nothing depends on them.
"use strict";
(() => {
  // A table that is wider than its place is scrolled by the keyboard, too, and says what it is.
  function judge(place) {
    const isWide = place.scrollWidth > place.clientWidth;
    if (isWide === place.hasAttribute("tabindex")) return;
    if (!isWide) { for (const name of ["tabindex", "role", "aria-label"]) place.removeAttribute(name); return; }
    const title = place.querySelector("caption") || place.closest("section")?.querySelector("h2, h3");
    place.tabIndex = 0;
    place.setAttribute("role", "region");
    place.setAttribute("aria-label", title ? `${title.textContent.trim()}（表）` : "表");
  }

  const sizes = new ResizeObserver((all) => { for (const one of all) judge(one.target.closest(".table")); });
  const known = new WeakSet();
  function watch() {
    for (const place of document.querySelectorAll(".table")) {
      if (known.has(place)) continue;
      known.add(place);
      sizes.observe(place);
      judge(place);
    }
  }
  new MutationObserver(watch).observe(document.body, { subtree: true, childList: true });
  watch();

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();

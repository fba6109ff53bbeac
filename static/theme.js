// Runs before the first paint, so that neither the theme nor the menus flash.
// The server has already written a light or dark theme when the cookie says
// so; only "system" must ask the browser.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    if (root.dataset.theme !== "light" && root.dataset.theme !== "dark") {
      root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
    }
  }
  apply();
  dark.addEventListener("change", apply);
})();

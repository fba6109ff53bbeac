// Theme and density: applied at once, remembered, followed in other tabs.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function show() {
    document.querySelectorAll("[data-theme-choice]").forEach((el) => {
      el.setAttribute("aria-pressed", String(el.dataset.themeChoice === root.dataset.theme));
    });
    document.querySelectorAll("[data-density-toggle]").forEach((el) => {
      el.setAttribute("aria-pressed", String(root.dataset.density === "compact"));
    });
  }

  function applyTheme(theme) {
    root.dataset.theme = theme;
    root.setAttribute("data-bs-theme", theme === "dark" || (theme === "system" && dark.matches) ? "dark" : "light");
    show();
  }

  function applyDensity(density) {
    root.dataset.density = density;
    show();
  }

  Gatehouse.on("click", "[data-theme-choice]", (_, el) => {
    Gatehouse.remember("theme", el.dataset.themeChoice);
    applyTheme(el.dataset.themeChoice);
  });
  Gatehouse.on("click", "[data-density-toggle]", () => {
    const next = root.dataset.density === "compact" ? "regular" : "compact";
    Gatehouse.remember("density", next);
    applyDensity(next);
  });
  window.addEventListener("storage", (e) => {
    if (e.key === "theme" && e.newValue) applyTheme(e.newValue);
    if (e.key === "density" && e.newValue) applyDensity(e.newValue);
  });
  show();
})();

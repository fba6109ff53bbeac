// Search from anywhere: Ctrl-K or / opens it, arrows choose, Enter opens.
(function () {
  "use strict";
  const dialog = document.getElementById("search");
  if (!dialog || !dialog.showModal) return;
  const input = dialog.querySelector("[data-search-input]");
  const results = dialog.querySelector(".results");

  function open() {
    if (dialog.open || document.querySelector("dialog[open]")) return;
    dialog.showModal();
    input.select();
  }
  const typing = (el) => el.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(el.tagName);

  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key.toLowerCase() === "k") {
      e.preventDefault();
      open();
    } else if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey && !typing(e.target)) {
      e.preventDefault();
      open();
    }
  });
  Gatehouse.on("click", "[data-search]", (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    open();
  });

  // The focus stays in the field; the chosen result is marked and announced.
  const links = () => [...results.querySelectorAll("a[href]")];
  function choose(at) {
    links().forEach((el, i) => {
      el.classList.add("result");
      el.toggleAttribute("data-chosen", i === at);
    });
    const el = links()[at];
    if (!el) return;
    el.scrollIntoView({ block: "nearest" });
    Gatehouse.announce(el.textContent.trim().replace(/\s+/g, " "));
  }
  input.addEventListener("keydown", (e) => {
    const all = links();
    const at = all.findIndex((el) => el.hasAttribute("data-chosen"));
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (all.length) choose((at + (e.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + all.length) % all.length);
    } else if (e.key === "Enter" && at >= 0) {
      e.preventDefault();
      all[at].click();
    }
  });
})();

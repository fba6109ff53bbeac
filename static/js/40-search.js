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

  // The focus stays in the field; the chosen result is marked, announced, and
  // still chosen when the same list arrives again.
  let chosen = "";
  const links = () => [...results.querySelectorAll("a[href]")];
  function mark() {
    let marked;
    for (const el of links()) {
      const on = el.getAttribute("href") === chosen && !marked;
      el.toggleAttribute("data-chosen", on);
      if (on) marked = el;
    }
    return marked;
  }
  function choose(el) {
    chosen = el.getAttribute("href");
    mark().scrollIntoView({ block: "nearest" });
    Gatehouse.announce(el.textContent.trim().replace(/\s+/g, " "));
  }
  results.addEventListener("htmx:afterSwap", mark);
  input.addEventListener("keydown", (e) => {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    e.preventDefault();
    const all = links();
    const at = all.indexOf(mark());
    const next = e.key === "ArrowDown" ? at + 1 : at < 0 ? -1 : at - 1;
    if (all.length) choose(all.at(next % all.length));
  });
  // Enter opens the chosen result; without one, the page with all of them.
  input.form.addEventListener("submit", (e) => {
    const el = mark();
    if (!el) return;
    e.preventDefault();
    dialog.close();
    el.click();
  });
})();

// Lists: rows that open, selection, tabs of panels, copying.
(function () {
  "use strict";

  // A row opens on click, unless something in it was pressed or text chosen.
  Gatehouse.on("click", "tr[data-href]", (e, row) => {
    if (e.target.closest("a, button, input, select, textarea, label, summary, details")) return;
    if (String(window.getSelection())) return;
    if (e.ctrlKey || e.metaKey) window.open(row.dataset.href, "_blank", "noopener");
    else location.assign(row.dataset.href);
  });
  Gatehouse.on("auxclick", "tr[data-href]", (e, row) => {
    if (e.button === 1 && !e.target.closest("a, button")) window.open(row.dataset.href, "_blank", "noopener");
  });

  // Selection: a bar appears with the number chosen; Shift chooses a range.
  let last = null;
  function count(scope) {
    const boxes = [...scope.querySelectorAll("input[data-row]")];
    const chosen = boxes.filter((b) => b.checked).length;
    const all = scope.querySelector("input[data-check-all]");
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    scope.querySelectorAll(".bulk").forEach((bar) => {
      bar.hidden = chosen === 0;
      bar.querySelectorAll("[data-chosen-count]").forEach((el) => (el.textContent = String(chosen)));
    });
  }
  const scopeOf = (el) => el.closest("form") ?? el.closest("[data-selection]") ?? el.closest("table");
  Gatehouse.on("click", "input[data-row]", (e, box) => {
    const scope = scopeOf(box);
    const boxes = [...scope.querySelectorAll("input[data-row]")];
    if (e.shiftKey && last && boxes.includes(last)) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      boxes.slice(from, to + 1).forEach((b) => (b.checked = box.checked));
    }
    last = box;
    count(scope);
  });
  Gatehouse.on("change", "input[data-check-all]", (_, all) => {
    const scope = scopeOf(all);
    scope.querySelectorAll("input[data-row]").forEach((b) => (b.checked = all.checked));
    count(scope);
  });

  // Panels in the page: arrows move between tabs, the address keeps the tab.
  Gatehouse.onReady("[data-tabs]", (list) => {
    const tabs = [...list.querySelectorAll("[role=tab]")];
    const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
    function select(tab, focus) {
      for (const t of tabs) {
        const on = t === tab;
        t.setAttribute("aria-selected", String(on));
        t.tabIndex = on ? 0 : -1;
        if (panel(t)) panel(t).hidden = !on;
      }
      if (focus) tab.focus();
    }
    list.addEventListener("click", (e) => {
      const tab = e.target.closest("[role=tab]");
      if (tab) select(tab, false);
    });
    list.addEventListener("keydown", (e) => {
      const at = tabs.indexOf(document.activeElement);
      const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[e.key];
      if (at < 0 || next === undefined) return;
      e.preventDefault();
      select(tabs[(next + tabs.length) % tabs.length], true);
    });
    select(tabs.find((t) => t.getAttribute("aria-selected") === "true") ?? tabs[0], false);
  });

  Gatehouse.on("click", "[data-copy]", async (_, el) => {
    try {
      await navigator.clipboard.writeText(el.dataset.copy);
      Gatehouse.toast?.("Copied.", { tone: "good" });
    } catch {
      Gatehouse.toast?.("Your browser does not let pages copy. Select the text instead.", { tone: "warn" });
    }
  });
  Gatehouse.on("click", "[data-print]", () => window.print());
})();

// Menus, dialogs, the navigation on phones, questions before an action.
(function () {
  "use strict";

  // Menus are <details>: one open at a time, Escape closes, arrows move.
  const items = (menu) => [...menu.querySelectorAll(".menu-item")].filter((el) => el.offsetParent);

  function closeMenu(menu, refocus) {
    menu.open = false;
    if (refocus) menu.querySelector("summary").focus();
  }
  // A list that would leave the window turns to the other side; one inside
  // something that scrolls is laid over it, or it would be cut off.
  function place(menu) {
    const list = menu.querySelector(".menu-list");
    const button = menu.querySelector("summary").getBoundingClientRect();
    menu.classList.remove("menu-start", "menu-up");
    list.removeAttribute("style");
    let box = list.getBoundingClientRect();
    if (box.left < 8) menu.classList.add("menu-start");
    if (box.bottom > innerHeight - 8 && button.top > box.height + 16) menu.classList.add("menu-up");
    if (!menu.closest(".table-wrap:not(.table-tall), .board, .card-clip")) return;
    box = list.getBoundingClientRect();
    list.style.position = "fixed";
    list.style.inset = `${box.top}px auto auto ${box.left}px`;
  }
  document.addEventListener("toggle", (e) => {
    if (e.target.matches?.("details[data-menu]") && e.target.open) place(e.target);
  }, true);
  document.addEventListener("scroll", (e) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (menu.querySelector(".menu-list").style.position === "fixed" && !menu.contains(e.target)) closeMenu(menu, false);
    });
  }, true);
  document.addEventListener("click", (e) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(e.target)) closeMenu(menu, false);
    });
  });
  document.addEventListener("keydown", (e) => {
    const menu = e.target.closest && e.target.closest("details[data-menu]");
    if (!menu) return;
    if (e.key === "Escape" && menu.open) {
      closeMenu(menu, true);
      e.stopPropagation();
      return;
    }
    if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(e.key)) return;
    e.preventDefault();
    menu.open = true;
    const all = items(menu);
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[e.key];
    all.at(next >= all.length ? 0 : next)?.focus();
  });
  document.addEventListener("focusout", (e) => {
    const menu = e.target.closest && e.target.closest("details[data-menu][open]");
    // A press on a label inside moves the focus for a moment to what is around the menu: that is not leaving it.
    const to = e.relatedTarget;
    if (menu && to && !menu.contains(to) && !to.contains(menu)) closeMenu(menu, false);
  });

  // Dialogs
  Gatehouse.on("click", "[data-dialog]", (e, el) => {
    const dialog = document.getElementById(el.dataset.dialog);
    if (!dialog || !dialog.showModal) return;
    e.preventDefault();
    dialog.showModal();
  });
  Gatehouse.on("click", "[data-close]", (_, el) => el.closest("dialog")?.close());
  document.addEventListener("click", (e) => {
    // A press on the backdrop reaches the dialog itself.
    if (e.target instanceof HTMLDialogElement && e.target.open && !e.target.hasAttribute("data-keep")) {
      const box = e.target.getBoundingClientRect();
      const inside = e.clientX >= box.left && e.clientX <= box.right && e.clientY >= box.top && e.clientY <= box.bottom;
      if (!inside && e.clientX + e.clientY > 0) e.target.close();
    }
  });

  // Questions before an action. The answer is a promise of true or false.
  Gatehouse.confirm = function (question, verb) {
    const dialog = document.getElementById("confirm");
    if (!dialog || !dialog.showModal) return Promise.resolve(window.confirm(question));
    dialog.querySelector("#confirm-title").textContent = question;
    const yes = dialog.querySelector("[data-confirm-yes]");
    yes.textContent = verb || "Continue";
    dialog.showModal();
    return new Promise((resolve) => {
      const agree = () => dialog.close("yes");
      dialog.returnValue = "";
      yes.addEventListener("click", agree);
      dialog.addEventListener("close", () => {
        yes.removeEventListener("click", agree);
        resolve(dialog.returnValue === "yes");
      }, { once: true });
    });
  };

  const agreed = new WeakSet();
  document.addEventListener("click", async (e) => {
    const el = e.target.closest && e.target.closest("[data-confirm]");
    if (!el || el.disabled) return;
    if (agreed.delete(el)) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    if (await Gatehouse.confirm(el.dataset.confirm, el.dataset.confirmVerb)) {
      agreed.add(el);
      el.click();
    }
  }, true);

  // The navigation on phones works as a :target; here it keeps the address
  // clean, holds the focus and closes on Escape.
  const nav = document.getElementById("nav");
  function openNav(open) {
    nav.classList.toggle("is-open", open);
    document.querySelectorAll("main, .top").forEach((el) => (el.inert = open));
    (open ? nav.querySelector("[data-nav-close]") : document.querySelector("[data-nav-open]"))?.focus();
  }
  if (nav) {
    Gatehouse.on("click", "[data-nav-open]", (e) => {
      e.preventDefault();
      openNav(true);
    });
    Gatehouse.on("click", "[data-nav-close]", (e) => {
      e.preventDefault();
      openNav(false);
    });
    nav.addEventListener("keydown", (e) => {
      if (e.key === "Escape" && nav.classList.contains("is-open")) openNav(false);
    });
    window.matchMedia("(min-width: 992px)").addEventListener("change", (e) => {
      if (e.matches && nav.classList.contains("is-open")) openNav(false);
    });
  }
})();

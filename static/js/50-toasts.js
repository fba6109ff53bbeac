// Toasts: from the server's flash, from HX-Trigger, from other scripts.
(function () {
  "use strict";
  const region = document.getElementById("toasts");
  const template = document.getElementById("toast-template");
  if (!region || !template) return;

  // A toast that offers to undo stays longer; one under the pointer or with
  // the focus stays until it is left.
  function expire(toast) {
    const life = toast.querySelector("form") ? 12000 : toast.classList.contains("toast-bad") ? 15000 : 6000;
    let timer;
    const start = () => (timer = setTimeout(() => toast.remove(), life));
    const hold = () => clearTimeout(timer);
    toast.addEventListener("mouseenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusout", start);
    start();
  }

  Gatehouse.toast = function (message, { tone = "", undo = "" } = {}) {
    const toast = template.content.firstElementChild.cloneNode(true);
    if (tone) toast.classList.add("toast-" + tone);
    const text = toast.querySelector(".toast-text");
    text.textContent = message;
    if (undo) {
      const form = document.createElement("form");
      form.method = "post";
      form.action = undo;
      const button = document.createElement("button");
      button.className = "linklike";
      button.textContent = "Undo";
      form.append(" ", button);
      text.append(form);
    }
    while (region.children.length > 3) region.firstElementChild.remove();
    region.append(toast);
    expire(toast);
  };

  Gatehouse.on("click", "[data-dismiss]", (_, el) => el.closest("[data-toast]")?.remove());
  document.addEventListener("toast", (e) => Gatehouse.toast(e.detail.message ?? e.detail.value, e.detail));
  region.querySelectorAll("[data-toast]").forEach(expire);

  // What htmx could not do must be said, or a click seems to do nothing.
  document.addEventListener("htmx:sendError", () => {
    Gatehouse.toast("The server could not be reached. Nothing was changed; try again.", { tone: "bad" });
  });
  document.addEventListener("htmx:responseError", (e) => {
    const status = e.detail.xhr.status;
    if (status === 401) location.reload();
    else if (status === 403) Gatehouse.toast("You may not do this.", { tone: "bad" });
    else if (status === 404) Gatehouse.toast("This is no longer here.", { tone: "bad" });
    else if (status === 429) Gatehouse.toast("Too many requests. Wait a moment and try again.", { tone: "warn" });
    else Gatehouse.toast("Something went wrong on our side. What you typed is still here; try again.", { tone: "bad" });
  });
})();

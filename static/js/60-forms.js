// Forms: filters that apply themselves, no double submission, dropped files,
// no input lost by leaving.
(function () {
  "use strict";

  // Filters ask again as soon as something changes.
  Gatehouse.onReady("form[data-autosubmit]", (form) => {
    let timer;
    const submit = () => form.requestSubmit();
    form.addEventListener("change", (e) => {
      if (e.target.type === "search" || e.target.type === "text") return;
      submit();
    });
    form.addEventListener("input", (e) => {
      if (e.target.type !== "search" && e.target.type !== "text") return;
      clearTimeout(timer);
      timer = setTimeout(submit, 300);
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      // An empty filter has no place in the address.
      form.querySelectorAll("input, select").forEach((el) => {
        if (el.name && el.value === "") el.disabled = true;
      });
      setTimeout(() => form.querySelectorAll(":disabled").forEach((el) => (el.disabled = false)));
    });
  });

  // One submission at a time. The button is disabled after the browser has
  // read its name and value, and freed when the page comes back from history.
  const htmxDriven = (form) => ["get", "post", "put", "patch", "delete"].some((m) => form.closest(`[hx-${m}]`) === form);
  document.addEventListener("submit", (e) => {
    const button = e.submitter;
    if (!button || e.defaultPrevented || htmxDriven(e.target) || e.target.method === "dialog") return;
    if (e.target.matches("[data-autosubmit], [target]")) return;
    setTimeout(() => {
      button.disabled = true;
      button.classList.add("btn-busy");
    });
  });
  function free(root) {
    root.querySelectorAll(".btn-busy").forEach((el) => {
      el.disabled = false;
      el.classList.remove("btn-busy");
    });
  }
  window.addEventListener("pageshow", (e) => {
    if (e.persisted) free(document);
  });
  document.addEventListener("htmx:beforeRequest", (e) => {
    const button = e.detail.requestConfig?.triggeringEvent?.submitter;
    if (!button) return;
    button.disabled = true;
    button.classList.add("btn-busy");
  });
  document.addEventListener("htmx:afterRequest", () => free(document));

  // Leaving a field shows at once what the browser finds wrong with it.
  document.addEventListener("blur", (e) => {
    const el = e.target;
    if (!(el instanceof HTMLElement) || !el.matches(".input") || !el.willValidate || el.dataset.touched === undefined) return;
    const field = el.closest(".field");
    const id = el.id + "-error";
    let error = document.getElementById(id);
    if (el.validity.valid) {
      if (error && error.dataset.local !== undefined) {
        error.remove();
        el.removeAttribute("aria-invalid");
      }
      return;
    }
    if (!error && field) {
      error = document.createElement("div");
      error.className = "error";
      error.id = id;
      error.dataset.local = "";
      field.append(error);
      const by = el.getAttribute("aria-describedby");
      if (!by?.split(" ").includes(id)) el.setAttribute("aria-describedby", by ? by + " " + id : id);
    }
    if (error && error.dataset.local !== undefined) error.textContent = el.validationMessage;
    el.setAttribute("aria-invalid", "true");
  }, true);
  document.addEventListener("input", (e) => {
    if (e.target.matches?.(".input")) e.target.dataset.touched = "";
  });

  // The summary of a refused form takes the focus, and its links lead into
  // the fields.
  Gatehouse.onReady("[data-focus]", (el) => el.focus());

  Gatehouse.onReady("[data-drop]", (zone) => {
    const input = zone.querySelector("input[type=file]");
    const over = (on) => (e) => {
      e.preventDefault();
      zone.classList.toggle("is-over", on);
    };
    zone.addEventListener("dragover", over(true));
    zone.addEventListener("dragleave", over(false));
    zone.addEventListener("drop", (e) => {
      over(false)(e);
      if (!e.dataTransfer.files.length) return;
      input.files = e.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });

  // What was typed is not lost by a wrong click.
  let dirty = false;
  document.addEventListener("input", (e) => {
    if (e.target.closest("form[data-dirty]")) dirty = true;
  });
  document.addEventListener("submit", () => (dirty = false));
  window.addEventListener("beforeunload", (e) => {
    if (dirty) e.preventDefault();
  });
})();

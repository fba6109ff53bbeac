// Gatehouse's own script, in parts that each improve something that already
// works without them. This first part is what the others, and the scripts of
// single pages, use: window.Gatehouse.
(function () {
  "use strict";
  const ready = [];

  function run(root) {
    for (const { selector, each } of ready) {
      if (root.matches && root.matches(selector)) each(root);
      root.querySelectorAll(selector).forEach(each);
    }
  }

  const Gatehouse = {
    // Calls each for every element that matches, now and after every swap.
    onReady(selector, each) {
      const seen = new WeakSet();
      const once = (el) => {
        if (seen.has(el)) return;
        seen.add(el);
        each(el);
      };
      ready.push({ selector, each: once });
      document.querySelectorAll(selector).forEach(once);
    },

    // Says something to a screen reader, politely.
    announce(text) {
      const region = document.getElementById("announce");
      if (region) region.textContent = text;
    },

    // Interrupts a screen reader: for what was lost or refused.
    alarm(text) {
      const region = document.getElementById("alarm");
      if (region) region.textContent = text;
    },

    // Remembers a preference for the server (cookie) and other tabs (storage).
    remember(name, value) {
      const secure = location.protocol === "https:";
      document.cookie = `${secure ? "__Host-" : ""}${name}=${value}; path=/; max-age=31536000; samesite=lax${secure ? "; secure" : ""}`;
      try {
        localStorage.setItem(name, value);
      } catch {
        // Storage may be refused; the cookie is enough for this tab.
      }
    },

    on(event, selector, handle) {
      document.addEventListener(event, (e) => {
        const el = e.target instanceof Element && e.target.closest(selector);
        if (el) handle(e, el);
      });
    },
  };

  window.Gatehouse = Gatehouse;
  document.addEventListener("htmx:load", (e) => run(e.detail.elt));
})();

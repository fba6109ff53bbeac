// The interview room. Every form on it works without this script; with it, answers are saved as they are given,
// keys answer and move, and moving between checks needs no network.
//
// What is not saved yet lies in localStorage, one entry per check, until the server has confirmed it: closing the
// tab loses nothing. Each entry carries the revision it was based on. The server refuses to overwrite a newer
// revision and treats the same content as saved already, so that sending again never doubles anything.
(function () {
  "use strict";
  const prefix = (interview, user) => `gatehouse.answer.${interview}.${user}.`;
  const norm = (note) => note.replace(/\r\n/g, "\n").trim();
  const same = (a, b) => a.verdict === b.verdict && norm(a.note) === norm(b.note);
  const answers = (n) => (n === 1 ? "1 answer" : `${n} answers`);
  const words = { "": "Not answered yet", clear: "Clear", concern: "Concern", "red-flag": "Red flag", "not-done": "Not done" };
  const said = (a) => words[a.verdict] + (a.note ? ` – “${a.note}”` : "");

  // Storage may be refused or full: then what is unsaved lives in this page only, and the page says so.
  const store = {
    works: true,
    all(start) {
      const found = {};
      try {
        for (let i = 0; i < localStorage.length; i++) {
          const key = localStorage.key(i);
          if (key.startsWith(start)) found[key.slice(start.length)] = JSON.parse(localStorage.getItem(key));
        }
      } catch {
        store.works = false;
      }
      return found;
    },
    put(key, value) {
      try {
        localStorage.setItem(key, JSON.stringify(value));
      } catch {
        store.works = false;
      }
    },
    // Another window may have put its own entry there since; only ours is ours to remove.
    drop(key, mine) {
      try {
        const there = JSON.parse(localStorage.getItem(key) || "null");
        if (!mine || (there && same(there, mine))) localStorage.removeItem(key);
      } catch {
        store.works = false;
      }
    },
  };

  // send tells the server one answer. It resolves to {kind, …}: saved, clash, refused (it will never be taken),
  // away (try again later), signedOut.
  async function send(url, entry) {
    const body = new URLSearchParams({ verdict: entry.verdict, note: entry.note, revision: String(entry.revision) });
    let response;
    try {
      response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(15000) });
    } catch {
      return { kind: "away" };
    }
    if (response.type === "opaqueredirect" || response.status === 401) return { kind: "signedOut" };
    if (response.status >= 500 || response.status === 429) return { kind: "away" };
    let reply;
    try {
      reply = await response.json();
    } catch {
      return { kind: "away" };
    }
    if (response.ok) return { kind: "saved", stored: reply };
    if (response.status === 409 && reply.current) return { kind: "clash", current: reply.current };
    return { kind: "refused", message: reply.message || "It was refused." };
  }

  Gatehouse.onReady("[data-room]", (root) => {
    const start = prefix(root.dataset.room, root.dataset.user);
    const checks = [...root.querySelectorAll("[data-check]")];
    const byID = new Map(checks.map((el) => [el.dataset.check, el]));
    const queue = new Map(); // check → entry not confirmed yet
    const known = new Map(); // check → what the server has confirmed
    const undo = [];
    let sending = false;
    let retry = 0;
    let timer;
    let lastSaved = null;
    let trouble = "";

    const form = (id) => byID.get(id).querySelector("[data-answer-form]");
    const read = (id) => ({
      verdict: form(id).querySelector("input[name=verdict]:checked")?.value || "",
      note: form(id).elements.note.value,
    });

    function write(id, a) {
      form(id).querySelectorAll("input[name=verdict]").forEach((el) => (el.checked = el.value === a.verdict));
      form(id).elements.note.value = a.note;
      mark(id);
    }

    // mark brings the list of checks and the progress line up to date with the form.
    function mark(id) {
      const line = root.querySelector(`[data-kit="${CSS.escape(id)}"]`);
      const glyph = document.getElementById("glyph-" + read(id).verdict);
      if (line && glyph) line.querySelector("[data-glyph]").replaceChildren(glyph.content.firstElementChild.firstElementChild.cloneNode(true));
      const done = checks.filter((el) => read(el.dataset.check).verdict !== "").length;
      const bar = root.querySelector("[data-progress] [role=progressbar]");
      bar.setAttribute("aria-valuenow", done);
      bar.querySelector(".bar").setAttribute("width", Math.round((100 * done) / checks.length) + "%");
      bar.querySelector("span").textContent = `${done} of ${checks.length}`;
      bar.classList.toggle("progress-good", done === checks.length);
    }

    function show() {
      const place = root.querySelector("[data-saved]");
      const text = place.querySelector("[data-saved-text]");
      let now;
      let state = "ok";
      if (queue.size === 0) {
        now = lastSaved ? "Saved " + lastSaved.toLocaleTimeString("en-GB") : "Everything is saved.";
      } else if (trouble) {
        state = "waiting";
        now = `${trouble}, ${answers(queue.size)} kept`;
      } else {
        state = "busy";
        now = "Saving …";
      }
      if (queue.size > 0 && !store.works) now += " in this tab only: keep it open";
      place.dataset.state = state;
      if (text.textContent !== now) text.textContent = now;
    }

    function keep(id, entry) {
      queue.set(id, entry);
      store.put(start + id, entry);
      show();
    }

    function settle(id, entry) {
      queue.delete(id);
      store.drop(start + id, entry);
    }

    // stage notes what the form says now, if it differs from what is confirmed, and sends it.
    function stage(id, wait) {
      const now = read(id);
      mark(id);
      const entry = queue.get(id);
      const base = known.get(id);
      if (!entry && same(now, base)) return;
      keep(id, { ...now, revision: entry ? entry.revision : base.revision, sent: entry ? entry.sent : [], clash: entry ? entry.clash : null });
      schedule(wait);
    }

    function schedule(wait) {
      clearTimeout(timer);
      timer = setTimeout(flush, wait);
    }

    async function flush() {
      if (sending) return;
      const next = [...queue].find(([, e]) => !e.clash && !e.refused);
      if (!next) return show();
      const [id, entry] = next;
      sending = true;
      // What was sent is remembered: if the reply gets lost, a clash with our own words is no clash.
      entry.sent = [...(entry.sent || []).slice(-4), { verdict: entry.verdict, note: norm(entry.note) }];
      keep(id, entry);
      const result = await send(form(id).action, entry);
      sending = false;
      take(id, entry, result);
    }

    function take(id, sent, result) {
      const now = queue.get(id) || sent;
      if (result.kind === "away" || result.kind === "signedOut") {
        trouble = result.kind === "signedOut" ? "Signed out: sign in in another tab. Not saved yet" : navigator.onLine ? "Not saved yet" : "Offline";
        retry = Math.min(retry + 1, 6);
        show();
        return schedule(Math.min(30000, 500 * 2 ** retry));
      }
      retry = 0;
      trouble = "";
      if (result.kind === "saved") {
        known.set(id, result.stored);
        lastSaved = new Date();
        if (same(now, result.stored)) settle(id, now);
        else keep(id, { ...now, revision: result.stored.revision });
      } else if (result.kind === "clash") {
        clash(id, now, result.current);
      } else {
        keep(id, { ...now, refused: true });
        trouble = "Not saved: " + result.message;
        Gatehouse.alarm(trouble);
      }
      show();
      if ([...queue.values()].some((e) => !e.clash && !e.refused)) schedule(0);
    }

    // clash keeps both versions until the person chooses, except where "theirs" is our own, sent before.
    function clash(id, mine, theirs) {
      known.set(id, theirs);
      if ((mine.sent || []).some((s) => same(s, theirs)) && !same(mine, theirs)) return keep(id, { ...mine, revision: theirs.revision });
      if (same(mine, theirs)) return settle(id, mine);
      keep(id, { ...mine, clash: theirs });
      trouble = "Changed in another window";
      const place = byID.get(id).querySelector("[data-clash-place]");
      const panel = document.getElementById("clash-template").content.cloneNode(true);
      panel.querySelector("[data-clash-mine]").textContent = said(mine);
      panel.querySelector("[data-clash-theirs]").textContent = said(theirs);
      const done = () => {
        place.replaceChildren();
        trouble = "";
        show();
      };
      panel.querySelector("[data-clash-keep]").addEventListener("click", () => {
        done();
        keep(id, { ...read(id), revision: theirs.revision, sent: [], clash: null });
        schedule(0);
      });
      panel.querySelector("[data-clash-take]").addEventListener("click", () => {
        settle(id, null);
        write(id, theirs);
        done();
      });
      place.replaceChildren(panel);
      go(id);
      Gatehouse.alarm("This answer was changed in another window. Both versions are kept until you choose.");
    }

    // Moving between checks happens in the page; the address follows, so that a reload stays here.
    const current = () => checks.find((el) => !el.hidden);
    function go(id) {
      const to = byID.get(id);
      if (!to || to === current()) return;
      checks.forEach((el) => (el.hidden = el !== to));
      root.querySelectorAll("[data-kit]").forEach((el) => {
        if (el.dataset.kit === id) el.setAttribute("aria-current", "true");
        else el.removeAttribute("aria-current");
      });
      const side = root.querySelector(".room-kit");
      if (side.scrollHeight > side.clientHeight) side.scrollTop = root.querySelector("[data-kit][aria-current]").offsetTop - side.clientHeight / 2;
      history.replaceState(history.state, "", "?check=" + encodeURIComponent(id));
      place();
      window.scrollTo({ top: root.getBoundingClientRect().top + window.scrollY - 80 });
      to.querySelector("h2").focus({ preventScroll: true });
    }
    function step(by) {
      const at = checks.indexOf(current()) + by;
      if (at >= checks.length) return (location.href = root.dataset.submit);
      if (at >= 0) go(checks[at].dataset.check);
    }
    function place() {
      const at = checks.indexOf(current());
      const [back, on] = [-1, 1].map((by) => root.querySelector(`[data-go="${by}"]`));
      back.toggleAttribute("data-off", at === 0);
      on.querySelector(".room-word").textContent = at === checks.length - 1 ? "Review" : "Next";
      on.setAttribute("aria-label", at === checks.length - 1 ? "Review and submit" : "Next check");
    }

    let before = null; // what the form said before the change under way, for undo
    function remember(id, was) {
      if (undo.length === 0 || undo.at(-1).id !== id || !same(undo.at(-1).was, was)) undo.push({ id, was });
    }
    function answer(verdict) {
      const id = current().dataset.check;
      const was = read(id);
      if (was.verdict === verdict) return;
      remember(id, was);
      write(id, { ...was, verdict });
      stage(id, 0);
      Gatehouse.announce(words[verdict]);
    }

    root.addEventListener("focusin", (e) => {
      const el = e.target.closest("[data-check]");
      if (el) before = { id: el.dataset.check, was: read(el.dataset.check) };
    });
    root.addEventListener("pointerdown", (e) => {
      const el = e.target.closest("[data-check]");
      if (el) before = { id: el.dataset.check, was: read(el.dataset.check) };
    });
    root.addEventListener("change", (e) => {
      if (e.target.name !== "verdict") return;
      const id = e.target.closest("[data-check]").dataset.check;
      if (before && before.id === id) remember(id, before.was);
      before = { id, was: read(id) };
      stage(id, 0);
    });
    root.addEventListener("input", (e) => {
      if (e.target.name !== "note" || !e.target.closest("[data-answer-form]")) return;
      const id = e.target.closest("[data-check]").dataset.check;
      if (before && before.id === id) remember(id, before.was);
      before = null;
      stage(id, 700);
    });
    root.addEventListener("submit", (e) => {
      if (e.target.matches("[data-answer-form]")) {
        e.preventDefault();
        stage(e.target.closest("[data-check]").dataset.check, 0);
      }
    });
    root.addEventListener("click", (e) => {
      const kit = e.target.closest("[data-kit]");
      const way = e.target.closest("[data-go]");
      if ((!kit && !way) || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
      e.preventDefault();
      if (way) return step(Number(way.dataset.go));
      go(kit.dataset.kit);
      if (matchMedia("(max-width: 991.98px)").matches) root.querySelector("[data-kit-list]").open = false;
    });

    const typing = (el) => el.matches("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button])");
    const keys = {
      1: () => answer("clear"),
      2: () => answer("concern"),
      3: () => answer("red-flag"),
      0: () => answer("not-done"),
      n: () => form(current().dataset.check).elements.note.focus(),
      j: () => step(1),
      k: () => step(-1),
      u() {
        const last = undo.pop();
        if (!last) return;
        go(last.id);
        write(last.id, last.was);
        stage(last.id, 0);
        Gatehouse.announce("Undone");
      },
      "?": () => document.getElementById("keys").showModal(),
    };
    document.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
      if (e.key === "Escape" && e.target.name === "note") return e.target.blur();
      if (typing(e.target)) return;
      const act = keys[e.key.toLowerCase()];
      if (!act) return;
      e.preventDefault();
      act();
    });

    // What the server knows, then over it what this device has kept from before.
    checks.forEach((el) => known.set(el.dataset.check, { ...read(el.dataset.check), revision: Number(el.dataset.revision) }));
    for (const [id, entry] of Object.entries(store.all(start))) {
      if (!byID.has(id)) continue;
      if (same(entry, known.get(id))) {
        store.drop(start + id);
        continue;
      }
      write(id, entry);
      queue.set(id, { ...entry, clash: null, refused: false });
    }
    if (matchMedia("(max-width: 991.98px)").matches) root.querySelector("[data-kit-list]").open = false;
    window.addEventListener("online", () => schedule(0));
    window.addEventListener("offline", () => {
      if (queue.size) trouble = "Offline";
      show();
    });
    document.addEventListener("visibilitychange", () => queue.size && schedule(0));
    place();
    show();
    schedule(0);
  });

  // Before submitting: what is kept here and not saved is sent first, or said.
  Gatehouse.onReady("[data-unsent]", async (note) => {
    const start = prefix(note.dataset.unsent, note.dataset.user);
    const waiting = Object.entries(store.all(start));
    if (waiting.length === 0) return;
    let left = 0;
    for (const [id, entry] of waiting) {
      const url = location.pathname.replace(/submit$/, "answers/" + encodeURIComponent(id));
      const result = await send(url, entry);
      if (result.kind === "saved") store.drop(start + id, entry);
      else left++;
    }
    if (left === 0) return location.reload();
    note.querySelector("[data-unsent-text]").textContent = answers(left) + (left === 1 ? " is" : " are") + " not saved yet.";
    note.hidden = false;
  });

  // After submitting: what another device's answers left behind here is shown, and never dropped unasked.
  Gatehouse.onReady("[data-leftover]", (note) => {
    const start = prefix(note.dataset.leftover, note.dataset.user);
    const kept = Object.entries(store.all(start));
    if (kept.length === 0) return;
    const list = note.querySelector("[data-leftover-list]");
    for (const [id, entry] of kept) {
      const line = document.createElement("li");
      const title = document.querySelector(`#row-${CSS.escape(id)} .name`)?.textContent || id;
      line.textContent = `${title}: ${said(entry)}`;
      list.append(line);
    }
    note.querySelector("[data-leftover-drop]").addEventListener("click", () => {
      kept.forEach(([id]) => store.drop(start + id));
      note.hidden = true;
    });
    note.hidden = false;
  });

  // The clock at the place the person claims.
  Gatehouse.onReady("[data-zone-clock]", (el) => {
    const tick = () => {
      try {
        el.textContent = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: el.dataset.zoneClock }).format(new Date());
      } catch {
        // A zone this browser does not know: the server's figure stays.
      }
    };
    setInterval(tick, 10000);
  });
})();

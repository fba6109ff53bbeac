// Times that tick: relative ones and deadlines, once every half minute.
(function () {
  "use strict";
  const MIN = 60000;
  const HOUR = 60 * MIN;
  const DAY = 24 * HOUR;

  function span(ms) {
    if (ms < HOUR) return `${Math.floor(ms / MIN)} min`;
    if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
    if (ms < 2 * DAY) return "1 day";
    return `${Math.floor(ms / DAY)} days`;
  }
  function relative(then, now) {
    const ms = Math.abs(now - then);
    const future = then > now;
    if (ms < MIN) return future ? "in a moment" : "just now";
    if (ms >= 7 * DAY) return null; // the day, as the server wrote it
    return future ? `in ${span(ms)}` : `${span(ms)} ago`;
  }
  function clock(ms) {
    const hours = Math.floor(ms / HOUR);
    const minutes = Math.floor(ms / MIN) % 60;
    if (hours >= 48) return span(ms);
    return hours ? `${hours} h ${minutes} min` : `${minutes} min`;
  }
  function set(el, words) {
    if (words !== null && el.textContent !== words) el.textContent = words;
  }
  function tick() {
    const now = Date.now();
    document.querySelectorAll("time[data-rel]").forEach((el) => set(el, relative(Date.parse(el.dateTime), now)));
    document.querySelectorAll("time[data-due]").forEach((el) => {
      const left = Date.parse(el.dateTime) - now;
      set(el, left < 0 ? `Overdue by ${clock(-left)}` : `Due in ${clock(left)}`);
      el.parentElement.classList.toggle("clock-over", left < 0);
      el.parentElement.classList.toggle("clock-soon", left >= 0 && left < 2 * HOUR);
    });
  }
  setInterval(tick, 30000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
})();

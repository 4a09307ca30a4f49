// Keeps the page live: listens for events, fetches the rendered part again, swaps what has changed. Without it the page
// reloads by itself.
"use strict";
(() => {
  const { stream, fragment } = document.body.dataset;
  const state = document.querySelector("[data-live-state]");

  const span = (s) => {
    const m = Math.floor(s / 60), h = Math.floor(s / 3600), d = Math.floor(s / 86400);
    if (d) return h % 24 ? `${d} d ${h % 24} h` : `${d} d`;
    if (h) return m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
    if (m) return m < 10 && s % 60 ? `${m} min ${s % 60} s` : `${m} min`;
    return `${s} s`;
  };
  const tick = () => {
    const now = Date.now();
    for (const t of document.querySelectorAll("time[data-due]")) {
      const left = Math.round((Date.parse(t.dateTime) - now) / 1000);
      t.textContent = `${span(Math.abs(left))} ${left < 0 ? "late" : "left"}`;
      t.closest("li, .due")?.classList.toggle("late", left < 0);
    }
    for (const t of document.querySelectorAll("time[data-ago]")) {
      const s = Math.round((now - Date.parse(t.dateTime)) / 1000);
      t.textContent = s < 10 ? "just now" : `${span(s)} ago`;
    }
  };
  setInterval(tick, 1000);
  tick();
  if (!stream) return;

  // A form that somebody writes in is not taken away under their hands.
  const busy = (region) => {
    const a = document.activeElement;
    const written = [...region.querySelectorAll("input:not([type=hidden]), textarea")].some((i) => i.value !== i.defaultValue);
    return written || (region.contains(a) && /^(INPUT|TEXTAREA|SELECT)$/.test(a.tagName));
  };
  let rendered = new Map();
  const swap = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const next of fresh.querySelectorAll("[data-live]")) {
      const name = next.dataset.live;
      const old = document.querySelector(`[data-live="${name}"]`);
      if (!old || rendered.get(name) === next.innerHTML) continue;
      if (busy(old)) { again = true; continue; }
      const open = new Map([...old.querySelectorAll("details[id]")].map((d) => [d.id, d.open]));
      rendered.set(name, next.innerHTML);
      old.replaceWith(next);
      for (const d of next.querySelectorAll("details[id]")) if (open.has(d.id)) d.open = open.get(d.id);
    }
    tick();
  };

  let timer = null, running = false, again = false;
  const fetchSoon = () => { if (!timer) timer = setTimeout(load, 150); };
  const load = async () => {
    timer = null;
    if (running) { again = true; return; }
    running = true;
    again = false;
    try {
      const answer = await fetch(fragment + location.search, { credentials: "same-origin" });
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) swap(await answer.text());
    } catch { /* The stream tells when the server is back. */ }
    running = false;
    if (again) setTimeout(fetchSoon, 1500);
  };

  const show = (live) => {
    if (!state) return;
    state.hidden = false;
    state.classList.toggle("off", !live);
    state.lastElementChild.textContent = live ? "live" : "reconnecting";
  };
  let broken = false;
  const source = new EventSource(stream);
  source.addEventListener("open", () => { show(true); if (broken) fetchSoon(); broken = false; });
  source.addEventListener("timeline", fetchSoon);
  source.addEventListener("error", () => {
    broken = true;
    show(false);
    // Refused rather than broken off: the session may have ended.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  });
})();

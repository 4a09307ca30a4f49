// The palette and the keys. Without it every page is reached by its links.
"use strict";
(() => {
  const dialog = document.getElementById("palette");
  const keys = document.getElementById("keys");
  if (!dialog || typeof dialog.showModal !== "function") return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const told = dialog.querySelector("[data-palette-told]");
  const links = [...document.querySelectorAll(".nav a")];
  const mac = /Mac|iPhone|iPad/.test(navigator.platform || "");

  for (const button of document.querySelectorAll("[data-open-palette]")) {
    button.hidden = false;
    if (mac) for (const k of button.querySelectorAll("kbd")) k.textContent = "\u2318 K";
    button.addEventListener("click", () => show());
  }

  // The button that acknowledges what this page is about.
  const ackButton = () => document.querySelector('form[action$="/do/ack"] button');

  const go = (href) => () => { location.href = href; };
  const actions = () => {
    const all = [];
    const ack = ackButton();
    if (ack) all.push({ title: "Acknowledge", hint: "This incident", here: true, run: () => ack.click() });
    for (const it of document.querySelectorAll("[data-palette]")) {
      all.push({ title: it.dataset.palette, hint: "On this page", here: true, run: () => {
        it.click();
        const field = it.parentElement?.querySelector("input:not([type=hidden]), textarea");
        if (it.tagName === "SUMMARY" && field) { it.parentElement.open = true; field.focus(); }
      } });
    }
    if (!all.some((a) => a.title.startsWith("Declare"))) all.push({ title: "Declare an incident", hint: "Home", run: go("/#declare") });
    for (const a of links) all.push({ title: a.textContent.trim(), hint: `g ${a.dataset.key}`, run: go(a.getAttribute("href")) });
    all.push({ title: "All incidents", hint: "Page", run: go("/incidents") });
    all.push({ title: "Show the keys", hint: "?", run: () => keys.showModal() });
    return all;
  };

  let items = [], at = 0, asked = 0, timer = null;
  const draw = () => {
    list.replaceChildren(...items.map((item, n) => {
      const li = document.createElement("li");
      li.id = `palette-${n}`;
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", String(n === at));
      const title = document.createElement("span"), hint = document.createElement("span");
      title.textContent = item.title;
      hint.textContent = item.hint;
      hint.className = "muted small";
      li.append(title, hint);
      li.addEventListener("click", () => run(n));
      return li;
    }));
    if (items.length) input.setAttribute("aria-activedescendant", `palette-${at}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
    told.textContent = items.length ? "" : "Nothing was found.";
  };
  const run = (n) => {
    const item = items[n];
    if (!item) return;
    dialog.close();
    item.run();
  };
  const search = async () => {
    const q = input.value.trim(), mine = ++asked;
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const here = actions().filter((a) => words.every((w) => a.title.toLowerCase().includes(w)));
    items = here;
    at = 0;
    draw();
    let found = [];
    try {
      const answer = await fetch(`/palette?q=${encodeURIComponent(q)}`, { credentials: "same-origin" });
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) found = (await answer.json()).items.map((i) => ({ title: i.title, hint: i.hint, run: go(i.href) }));
    } catch { told.textContent = "The server does not answer."; return; }
    if (mine !== asked) return;
    // What was typed is more often a name than an action.
    items = q ? [...found, ...here] : [...here.filter((a) => a.here), ...found, ...here.filter((a) => !a.here)];
    at = Math.min(at, Math.max(items.length - 1, 0));
    draw();
  };
  const show = () => {
    if (dialog.open || keys.open) return;
    input.value = "";
    dialog.showModal();
    input.focus();
    search();
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 60); });
  dialog.addEventListener("keydown", (e) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (move && items.length) { at = (at + move + items.length) % items.length; draw(); e.preventDefault(); }
    else if (e.key === "Home" && !input.value) { at = 0; draw(); e.preventDefault(); }
    else if (e.key === "Enter") { e.preventDefault(); run(at); }
  });
  // A click beside it closes it.
  for (const d of [dialog, keys]) d.addEventListener("click", (e) => { if (e.target === d) d.close(); });

  // Moving in lists: each thing that can be opened is an `.item`.
  const move = (by) => {
    const all = [...document.querySelectorAll("main .item")].filter((i) => i.offsetParent !== null);
    if (!all.length) return;
    const now = all.indexOf(document.activeElement);
    const next = all[now < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + by, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  let leader = 0;
  document.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key.toLowerCase() === "k") {
      e.preventDefault();
      if (dialog.open) dialog.close(); else show();
      return;
    }
    const typing = e.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || e.ctrlKey || e.metaKey || e.altKey || e.repeat && e.key === "a" || document.querySelector("dialog[open]")) return;
    if (leader && Date.now() - leader < 1500) {
      leader = 0;
      const link = links.find((a) => a.dataset.key === e.key);
      if (link) { e.preventDefault(); location.href = link.getAttribute("href"); }
      return;
    }
    if (e.key === "g") leader = Date.now();
    else if (e.key === "?") { e.preventDefault(); keys.showModal(); }
    else if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "a") ackButton()?.click();
    else if (e.key === "/") {
      const field = document.querySelector("[data-search]");
      if (field) { e.preventDefault(); field.focus(); field.select(); }
    }
  });

  // A link to a folded form unfolds it.
  const unfold = () => {
    const it = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (it && it.tagName === "DETAILS") { it.open = true; it.querySelector("input:not([type=hidden])")?.focus(); }
  };
  addEventListener("hashchange", unfold);
  unfold();

  // A table of days begins with today.
  const today = document.querySelector(".rota thead [aria-current=date]");
  const frame = today?.closest(".scroll");
  if (frame) frame.scrollLeft = today.offsetLeft - today.parentElement.firstElementChild.offsetWidth;
})();

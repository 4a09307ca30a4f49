// Notifications: the worker that shows them, and the form that turns them on for this browser.
(() => {
  const box = document.querySelector("[data-push]");
  const word = box?.querySelector("[data-push-word]");
  const say = (text) => { if (word) { word.textContent = text; word.hidden = false; } };
  if (!("serviceWorker" in navigator)) {
    if (box) { box.hidden = false; box.querySelector("button").disabled = true; say(isSecureContext ? "This browser has no notifications of web pages." : "Notifications take a secure connection: open this page by https."); }
    return;
  }
  const registered = navigator.serviceWorker.register("/sw.js").catch(() => null);
  if (!box) return;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const idOf = async (endpoint) => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint)));
    return [...hash].map((b) => b.toString(16).padStart(2, "0")).join("").slice(0, 24);
  };
  const show = async () => {
    box.hidden = false;
    const registration = await registered;
    if (!registration?.pushManager) { box.querySelector("button").disabled = true; say("This browser has no notifications of web pages. On an iPhone or iPad, add Firebell to the home screen first."); return; }
    const known = await registration.pushManager.getSubscription();
    const line = known && document.querySelector(`[data-device="${await idOf(known.endpoint)}"]`);
    if (!line) return;
    line.querySelector("[data-here]").hidden = false;
    box.hidden = true;
    line.querySelector('form[action$="/remove"]').addEventListener("submit", () => { known.unsubscribe(); });
  };
  box.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = box.querySelector("button");
    button.disabled = true;
    try {
      if (await Notification.requestPermission() !== "granted") throw new Error("the browser was told not to show notifications of this page: allow them in its settings");
      await registered;
      const manager = (await navigator.serviceWorker.ready).pushManager;
      const ask = { userVisibleOnly: true, applicationServerKey: bytes(box.dataset.push) };
      // One that was made with other keys of the server is of no use any more.
      const made = await manager.subscribe(ask).catch(async (error) => {
        const old = await manager.getSubscription();
        if (!old) throw error;
        await old.unsubscribe();
        return manager.subscribe(ask);
      });
      const { endpoint, keys } = made.toJSON();
      const body = new URLSearchParams(new FormData(box));
      body.set("endpoint", endpoint);
      body.set("p256dh", keys.p256dh);
      body.set("auth", keys.auth);
      const answer = await fetch("/settings/push/add", { method: "POST", body, redirect: "manual" });
      if (answer.type !== "opaqueredirect" && !answer.ok) {
        await made.unsubscribe();
        const problem = await answer.json().catch(() => ({}));
        throw new Error(problem.detail || `the server answered ${answer.status}`);
      }
      location.assign("/settings/account#notifications");
      location.reload();
    } catch (error) {
      button.disabled = false;
      say(`It could not be turned on: ${error.message}`);
    }
  });
  show();
})();

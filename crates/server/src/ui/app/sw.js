// Shows notifications, opens what they are about, and has a page for when there is no connection. It keeps nothing else.
"use strict";
const CACHE = "firebell-1", OFFLINE = "/offline";

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add(new Request(OFFLINE, { cache: "reload" }))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate" || event.request.method !== "GET") return;
  event.respondWith(fetch(event.request).catch(async () => (await caches.match(OFFLINE)) ?? Response.error()));
});

self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch { /* Shown all the same: a push that shows nothing is held against us. */ }
  event.waitUntil(self.registration.showNotification(told.title ?? "Firebell", {
    body: told.body ?? "Something happened: open Firebell.",
    tag: told.tag,
    renotify: Boolean(told.tag),
    requireInteraction: /-(call|go)$/.test(told.tag ?? ""),
    icon: "/icon-192.png",
    data: { url: told.url },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const asked = new URL(event.notification.data?.url ?? "/", self.location.origin);
  // Nothing but our own pages, whatever was sent.
  const url = asked.origin === self.location.origin ? asked.href : self.location.origin;
  event.waitUntil((async () => {
    for (const page of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
      if (page.url === url) return page.focus();
    }
    return self.clients.openWindow(url);
  })());
});

"use strict";
// Opens a turf's page where there is no network, once it was opened where there was.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate") return;
  const path = new URL(event.request.url).pathname;
  event.respondWith(fetch(event.request).catch(async () => {
    const kept = await caches.open("palier-turfs");
    return (await kept.match(path)) || Response.error();
  }));
});

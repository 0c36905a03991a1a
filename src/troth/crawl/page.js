// What one page holds and shows, as a plain value. It changes nothing.
async () => {
  const held = [];
  const keep = (place, names) => { for (const name of names) held.push([place, String(name)]); };
  const safely = async (read) => { try { await read(); } catch { /* this page may not: then it keeps nothing there */ } };
  await safely(() => keep("local storage", Object.keys(localStorage)));
  await safely(() => keep("session storage", Object.keys(sessionStorage)));
  await safely(async () => keep("database", (await indexedDB.databases()).map((one) => one.name)));
  await safely(async () => keep("cache", await caches.keys()));
  await safely(async () => {
    const workers = await navigator.serviceWorker.getRegistrations();
    keep("service worker", workers.map((one) => (one.active || one.waiting || one.installing).scriptURL));
  });
  const words = (e) => (e.getAttribute("aria-label") || e.innerText || "").trim().replace(/\s+/g, " ").slice(0, 80);
  const links = [...document.querySelectorAll("a[href], area[href]")].map((a) => ({
    href: a.href, text: words(a), file: a.hasAttribute("download"),
    opener: a.target === "_blank" && a.relList.contains("opener") ||
      a.target !== "" && !["_blank", "_self", "_parent", "_top"].includes(a.target) && !a.relList.contains("noopener") ||
      a.target === "_blank" && !a.relList.contains("noopener") && !a.relList.contains("noreferrer"),
  }));
  const meta = document.querySelector("meta[name=referrer]");
  return {
    held, links, referrer: meta ? meta.content.toLowerCase() : "",
    words: [...document.querySelectorAll("a[href], button, summary")].map(words),
  };
}

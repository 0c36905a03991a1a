// Tells other companies' scripts, before any of them runs, what this visitor allowed (Google Consent Mode v2).
// Everything is denied first; what the answer grants follows. The answer comes with the page: nothing is read here.
"use strict";
(() => {
  const words = [
    "ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage",
    "personalization_storage",
  ];
  const granted = (document.currentScript.dataset.granted || "").split(" ").filter((word) => words.includes(word));
  window.dataLayer = window.dataLayer || [];
  // gtag.js reads what `arguments` holds, not an array.
  window.gtag = window.gtag || function () { window.dataLayer.push(arguments); };
  const all = (answer) => Object.fromEntries(words.map((word) => [word, answer]));
  window.gtag("consent", "default", { ...all("denied"), security_storage: "granted" });
  window.gtag("set", "ads_data_redaction", !granted.includes("ad_storage"));
  window.gtag("set", "url_passthrough", false);
  if (granted.length) {
    window.gtag("consent", "update", Object.fromEntries(granted.map((word) => [word, "granted"])));
  }
})();

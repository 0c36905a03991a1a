// Asks the browser for a passkey and sends its answer as a form. Nothing else on the page needs a script.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const words = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function asked(options) {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of ["excludeCredentials", "allowCredentials"])
    for (const one of options[list] || []) one.id = bytes(one.id);
  return { publicKey: options };
}

function told(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (credential.response[name]) response[name] = words(credential.response[name]);
  return JSON.stringify({
    id: credential.id, rawId: words(credential.rawId), type: credential.type, response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    const say = form.querySelector("[role=status]");
    try {
      const options = asked(JSON.parse(form.dataset.options));
      const credential = await navigator.credentials[form.dataset.passkey](options);
      form.elements.answer.value = told(credential);
      form.submit();
    } catch (no) {
      say.textContent = no.name === "InvalidStateError"
        ? "This device has a passkey for your account already."
        : "No passkey was used. You can try once more, or go on without.";
    }
  });
}

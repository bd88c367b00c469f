/* Passkeys: the browser fills in a form's hidden field, where JSON carries bytes as base64url. */
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt());
const text = (buffer) =>
  buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (rows) => rows?.map((row) => ({ ...row, id: bytes(row.id) }));

/* What the authenticator answers to the options of the server, as data. */
async function answer({ creation_options: creation, request_options: request }) {
  const options = (creation ?? request).publicKey;
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    ...(creation
      ? { user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: known(options.excludeCredentials) ?? [] }
      : { allowCredentials: known(options.allowCredentials) ?? [] }),
  };
  const credential = await navigator.credentials[creation ? "create" : "get"]({ publicKey });
  const { id, rawId, type, authenticatorAttachment, response } = credential;
  const parts = creation ? ["clientDataJSON", "attestationObject"] : ["clientDataJSON", "authenticatorData", "signature", "userHandle"];
  return {
    id, type, authenticatorAttachment, rawId: text(rawId),
    clientExtensionResults: credential.getClientExtensionResults(),
    response: Object.fromEntries(parts.map((part) => [part, text(response[part])])),
  };
}

const WHY = {
  NotAllowedError: "It was stopped, or took too long: try it again.",
  InvalidStateError: "This device has a passkey of your account already.",
};
if (window.PublicKeyCredential) {
  for (const said of document.querySelectorAll("[data-without-script]")) said.hidden = true;
  for (const form of document.querySelectorAll("[data-passkey]")) {
    const button = form.querySelector("button[type=button]");
    const wrong = form.querySelector("[role=alert][hidden]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      if (!form.reportValidity()) return;
      wrong.hidden = true;
      button.disabled = true;
      try {
        const options = form.dataset.passkey
          ? await (await fetch(form.dataset.passkey, { headers: { Accept: "application/json" } })).json()
          : JSON.parse(document.getElementById("passkey-options").textContent);
        form.elements.credential.value = JSON.stringify(await answer(options));
        form.submit();
      } catch (error) {
        wrong.textContent = WHY[error.name] ?? "This browser cannot use a passkey here: take another way.";
        wrong.hidden = false;
        button.disabled = false;
      }
    });
  }
}

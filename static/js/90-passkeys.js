// Passkeys: what the browser asks between two requests. A form of
// data-passkey="create" or "get" stays hidden where there are none.
(function () {
  "use strict";
  const able = window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON && PublicKeyCredential.parseRequestOptionsFromJSON;

  async function ask(form) {
    const answer = await fetch(form.dataset.options, { method: "POST", headers: { Accept: "application/json" } });
    if (answer.status === 401) {
      location.assign(form.dataset.away); // it has been a while: show first that it is you
      return null;
    }
    if (!answer.ok) throw new Error("options: " + answer.status);
    const options = (await answer.json()).publicKey;
    const credential = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    return JSON.stringify(credential.toJSON());
  }

  // What went wrong, as far as the browser says: it does not tell a refusal from a passkey that is not there.
  function words(err) {
    if (err.name === "InvalidStateError") return "This device is set up already.";
    if (err.name === "NotAllowedError") return "That was not completed. Try again, or use another way.";
    return "That did not work. Try again in a moment.";
  }

  Gatehouse.onReady("form[data-passkey]", (form) => {
    if (!able) return;
    form.hidden = false;
    const field = form.querySelector("[data-passkey-answer]");
    const says = form.querySelector("[data-passkey-says]");
    form.addEventListener("submit", async (e) => {
      if (field.value) return;
      e.preventDefault();
      says.textContent = "";
      try {
        const answer = await ask(form);
        if (!answer) return;
        field.value = answer;
        form.requestSubmit();
      } catch (err) {
        says.textContent = words(err);
        Gatehouse.alarm(says.textContent);
      }
    });
  });
})();

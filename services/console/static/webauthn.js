// Security keys (WebAuthn): what the node asks is put to the key, what the key answers goes back. Nothing is kept here.
"use strict";
(() => {
  if (!window.PublicKeyCredential) return;
  const csrf = document.body.dataset.csrf;
  const said = {
    NotAllowedError: "没有完成：等得太久，或在浏览器里取消了。请再按一次。",
    InvalidStateError: "这把安全密钥已登记过。",
    SecurityError: "本页的网址与节点设定的不同，浏览器不让用安全密钥；请用验证码，并告知管理员。",
    NotSupportedError: "这把安全密钥不支持所需的算法。",
  };

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function send(path, body) {
    const reply = await fetch(path, { method: "POST", headers: { "X-Sihu-Csrf": csrf, "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const type = reply.headers.get("Content-Type") || "";
    const answer = type.startsWith("application/json") ? await reply.json() : { problem: "页面已过时，请刷新后再试。" };
    if (!reply.ok || answer.problem) throw new Error(answer.problem || "未能办理，请刷新后再试。");
    return answer;
  }

  async function trying(button, state, work) {
    button.disabled = true;
    state.textContent = "请插入并触碰安全密钥…";
    try { await work(); } catch (problem) { state.textContent = said[problem.name] || problem.message; button.disabled = false; }
  }

  async function answered(publicKey) {
    const key = await navigator.credentials.get({ publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: named(publicKey.allowCredentials) } });
    const response = { clientDataJSON: text(key.response.clientDataJSON), authenticatorData: text(key.response.authenticatorData), signature: text(key.response.signature) };
    if (key.response.userHandle) response.userHandle = text(key.response.userHandle);
    return { id: key.id, rawId: text(key.rawId), type: key.type, response, clientExtensionResults: {} };
  }

  const byKey = document.getElementById("by-key");
  if (byKey) {
    byKey.hidden = false;
    const button = document.getElementById("use-key");
    button.addEventListener("click", () => trying(button, document.getElementById("key-state"), async () => {
      const { publicKey } = await send("/login/key/options", {});
      const answer = await send(`/login/key?next=${encodeURIComponent(byKey.dataset.next)}`, await answered(publicKey));
      location.assign(answer.next);
    }));
  }

  for (const button of document.querySelectorAll("[data-use-key]")) {
    const { form } = button;
    button.hidden = false;
    button.addEventListener("click", () => {
      if (!form.reportValidity()) return;
      trying(button, form.querySelector("[data-key-state]"), async () => {
        const { publicKey } = await send("/me/proof/options", {});
        form.elements.key_answer.value = JSON.stringify(await answered(publicKey));
        if (form.requestSubmit) form.requestSubmit(form.querySelector("button[type=submit]")); else form.submit();
        button.disabled = false;
      });
    });
  }

  const form = document.getElementById("add-key");
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const proof = Object.fromEntries(["password", "code", "key_answer"].map((name) => [name, form.elements[name] ? form.elements[name].value : ""]));
      if (form.elements.key_answer) form.elements.key_answer.value = "";  // each answer counts once
      trying(form.querySelector("button[type=submit]"), document.getElementById("key-state"), async () => {
        const { publicKey } = await send("/me/keys/options", proof);
        const user = { ...publicKey.user, id: bytes(publicKey.user.id) };
        const key = await navigator.credentials.create({ publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), user, excludeCredentials: named(publicKey.excludeCredentials) } });
        const response = { clientDataJSON: text(key.response.clientDataJSON), attestationObject: text(key.response.attestationObject) };
        const answer = { id: key.id, rawId: text(key.rawId), type: key.type, response, clientExtensionResults: {} };
        await send("/me/keys", { label: document.getElementById("key-label").value, answer });
        location.assign("/me#keys");
        location.reload();
      });
    });
  }
})();

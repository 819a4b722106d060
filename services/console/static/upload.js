// Files to the node in parts: how far they are is shown, and a line that breaks costs no more than a part.
// A form with data-next sends one file and goes on there; one with data-uploads sends each of its files, then itself.
"use strict";
(() => {
  if (!window.crypto || !crypto.subtle) return;
  const PART = 1024 * 1024;
  const TRIES = 8;
  const types = { pdf: "application/pdf", ofd: "application/ofd", docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation", txt: "text/plain", csv: "text/csv", jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", mp3: "audio/mpeg", mp4: "video/mp4" };
  const headers = { "X-Sihu-Csrf": document.body.dataset.csrf };

  for (const form of document.querySelectorAll("form[data-next], form[data-uploads]")) {
    const bar = form.querySelector("progress");
    const text = form.querySelector("[role=status]");
    const place = { bar, text };
    let busy = false;
    form.addEventListener("submit", async (event) => {
      const inputs = [...form.querySelectorAll("input[type=file]")].filter((one) => one.files[0]);
      if (!inputs.length) return;
      event.preventDefault();
      if (busy) return;
      const strange = inputs.map((one) => one.files[0]).find((one) => !typeOf(one));
      if (strange) { text.textContent = `这一类文件不能发出：${strange.name}`; return; }
      busy = true;
      try {
        for (const input of inputs) {
          const chosen = input.files[0];
          text.textContent = `${chosen.name}：正在计算校验值…`;
          const id = await begin(chosen);
          await send(id, chosen, place);
          if (form.dataset.next) {
            const next = new URLSearchParams({ upload: id, file_name: chosen.name, file_type: typeOf(chosen) });
            location.href = `${form.dataset.next}&${next}`;
            return;
          }
          const base = input.name.replace(/\.file$/, "");
          const held = { upload: id, name: chosen.name, sent: "", sha256: "" };
          for (const [part, value] of Object.entries(held)) form.elements[`${base}.${part}`].value = value;
          input.value = "";
        }
        form.submit();
      } catch (problem) {
        busy = false;
        text.textContent = `未能上传：${problem.message}。再按一次即从断处继续。`;
      }
    });
  }

  function typeOf(chosen) {
    return types[chosen.name.split(".").pop().toLowerCase()];
  }

  async function begin(chosen) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer()));
    const sha256 = Array.from(digest, (one) => one.toString(16).padStart(2, "0")).join("");
    const kept = sessionStorage.getItem(`upload-${sha256}`);
    if (kept && (await fetch(`/files/${kept}`)).ok) return kept;
    const reply = await fetch("/files", { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify({ size: chosen.size, sha256 }) });
    const body = await reply.json();
    if (!reply.ok) throw new Error(body.mend);
    sessionStorage.setItem(`upload-${sha256}`, body.id);
    return body.id;
  }

  async function send(id, chosen, place) {
    let tries = 0;
    for (;;) {
      try {
        const state = await (await fetch(`/files/${id}`)).json();
        show(state.offset, chosen, place);
        if (state.complete) return;
        const part = chosen.slice(state.offset, state.offset + PART);
        const reply = await fetch(`/files/${id}?offset=${state.offset}`, { method: "PATCH", headers: { ...headers, "Content-Type": "application/octet-stream" }, body: part });
        if (!reply.ok && reply.status !== 409) throw new Error((await reply.json()).mend);
        tries = 0;
      } catch (problem) {
        if (++tries > TRIES) throw problem;
        place.text.textContent = "线路中断，正在重试…";
        await new Promise((done) => setTimeout(done, 500 * tries));
      }
    }
  }

  function show(done, chosen, { bar, text }) {
    bar.value = Math.floor((100 * done) / chosen.size);
    text.textContent = `${chosen.name}：${bar.value}%`;
  }
})();

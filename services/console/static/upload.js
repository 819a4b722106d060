// A file in parts: how far it is stands at the node, so that a line that breaks costs the part that was on it.
"use strict";
(() => {
  const form = document.getElementById("upload");
  if (!form || !window.crypto || !crypto.subtle) return;
  const file = document.getElementById("file");
  const bar = document.getElementById("progress");
  const text = document.getElementById("progress-text");
  const PART = 1024 * 1024;
  const TRIES = 8;
  const types = { pdf: "application/pdf", ofd: "application/ofd", docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation", txt: "text/plain", csv: "text/csv", jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", mp3: "audio/mpeg", mp4: "video/mp4" };
  const headers = { "X-Sihu-Csrf": document.body.dataset.csrf };

  form.addEventListener("submit", async (event) => {
    const chosen = file.files[0];
    if (!chosen) return;
    event.preventDefault();
    const type = types[chosen.name.split(".").pop().toLowerCase()];
    if (!type) { text.textContent = "这一类文件不能发出"; return; }
    try {
      text.textContent = "正在计算校验值…";
      const id = await begin(chosen);
      await send(id, chosen);
      const next = new URLSearchParams({ upload: id, file_name: chosen.name, file_type: type });
      location.href = `${form.dataset.next}&${next}`;
    } catch (problem) { text.textContent = `未能上传：${problem.message}。再按一次“上传”即从断处继续。`; }
  });

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

  async function send(id, chosen) {
    let tries = 0;
    for (;;) {
      try {
        const state = await (await fetch(`/files/${id}`)).json();
        show(state.offset, chosen.size);
        if (state.complete) return;
        const part = chosen.slice(state.offset, state.offset + PART);
        const reply = await fetch(`/files/${id}?offset=${state.offset}`, { method: "PATCH", headers: { ...headers, "Content-Type": "application/octet-stream" }, body: part });
        if (!reply.ok && reply.status !== 409) throw new Error((await reply.json()).mend);
        tries = 0;
      } catch (problem) {
        if (++tries > TRIES) throw problem;
        text.textContent = "线路中断，正在重试…";
        await new Promise((done) => setTimeout(done, 500 * tries));
      }
    }
  }

  function show(done, whole) {
    bar.value = Math.floor((100 * done) / whole);
    text.textContent = `${bar.value}%`;
  }
})();

// Live alerts on every open page: connects, resumes behind the last sequence it has seen, and makes itself heard.
// No framework and no timer decides whether an alert is shown: a message comes, it is shown. Works in a hidden tab.
"use strict";
(() => {
  const body = document.body;
  const state = document.getElementById("live-state");
  const alarm = document.getElementById("alarm");
  if (!state || !body.dataset.live) return;

  const SEEN = "sihu-seen";
  const RESUME_MOST = 5000; // further back than this the page itself has told it
  const SOUND_MS = 900;
  const WAIT_MS = [300, 600, 1200, 2500, 5000];
  const ownTitle = document.title;
  const levels = { 1: "1级 红色", 2: "2级 橙色", 3: "3级 黄色", 4: "4级 蓝色" };
  let tries = 0;
  let flashing = 0;
  let seen = start();
  const unread = new Map();

  function start() {
    const rendered = Number(body.dataset.live);
    const kept = Number(sessionStorage.getItem(SEEN) || "NaN");
    return kept <= rendered && rendered - kept <= RESUME_MOST ? kept : rendered;
  }

  function keep(sequence) {
    seen = sequence;
    sessionStorage.setItem(SEEN, String(sequence));
  }

  function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live?after=${seen}`);
    socket.onopen = () => { tries = 0; tell("实时连接正常", false); };
    socket.onmessage = (message) => hear(JSON.parse(message.data));
    socket.onclose = (event) => {
      if (event.code === 4401) { location.href = "/login"; return; }
      tell("实时连接中断，正在重连", true);
      setTimeout(connect, WAIT_MS[Math.min(tries++, WAIT_MS.length - 1)]);
    };
  }

  function tell(text, down) {
    state.textContent = text;
    state.classList.toggle("down", down);
  }

  function hear(message) {
    keep(message.sequence);
    const event = message.event;
    if (event && event.direction === "in" && event.level) raise(event);
    document.dispatchEvent(new CustomEvent("sihu:news", { detail: message }));
    refresh();
  }

  // What shows how things stand is fetched again; many messages at once cost one request that is under way and one more.
  let fetching = false;
  let again = false;
  async function refresh() {
    const places = document.querySelectorAll("[data-refresh]");
    if (!places.length) return;
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      do {
        again = false;
        for (const place of places) {
          const reply = await fetch(place.dataset.refresh, { headers: { "X-Fragment": "1" } });
          if (reply.redirected) { location.href = "/login"; return; }
          if (reply.ok) place.innerHTML = await reply.text();
        }
        count();
      } while (again);
    } catch { /* the socket says that the node is away; it is fetched again with the next message */ } finally { fetching = false; }
  }

  function raise(event) {
    unread.set(event.envelope_id, event);
    const word = `${event.status === "exercise" ? "【演练】" : ""}【${levels[event.level]}】${event.headline}`;
    alarm.replaceChildren();
    const link = document.createElement("a");
    link.href = `/events/${event.envelope_id}`;
    link.textContent = unread.size > 1 ? `${word}（另有 ${unread.size - 1} 件新预警）` : word;
    const quiet = document.createElement("button");
    quiet.type = "button";
    quiet.textContent = "知道了";
    quiet.addEventListener("click", calm);
    alarm.append(link, quiet);
    alarm.hidden = false;
    body.dataset.heard = event.envelope_id;
    sound();
    flash();
    notify(event, word);
  }

  function calm() {
    unread.clear();
    alarm.hidden = true;
    clearInterval(flashing);
    flashing = 0;
    document.title = ownTitle;
  }

  // One tab sounds for all of them, where the browser can tell.
  function sound() {
    const play = () => {
      const tone = document.getElementById("alarm-sound") || new Audio(body.dataset.sound);
      tone.currentTime = 0;
      body.dataset.sounded = String(Number(body.dataset.sounded || 0) + 1);
      tone.play().catch(() => { body.dataset.silent = "true"; ask(); });
    };
    if (!navigator.locks) { play(); return; }
    navigator.locks.request("sihu-sound", { ifAvailable: true }, (lock) => {
      if (!lock) return undefined;
      play();
      return new Promise((done) => setTimeout(done, SOUND_MS));
    });
  }

  function flash() {
    const text = `(${unread.size}) 新预警！`;
    document.title = text;
    if (flashing) return;
    let on = true;
    flashing = setInterval(() => { on = !on; document.title = on ? `(${unread.size}) 新预警！` : ownTitle; }, 1000);
  }

  function notify(event, word) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const note = new Notification(word, { body: "打开值班台签收", tag: event.envelope_id, requireInteraction: event.level <= 2 });
    note.onclick = () => { window.focus(); location.href = `/events/${event.envelope_id}`; };
    body.dataset.notified = String(Number(body.dataset.notified || 0) + 1);
  }

  // Browsers let a page sound and notify only once a person has pressed something on it.
  function ask() {
    const button = document.getElementById("allow-alerts");
    if (button) button.hidden = false;
  }

  function offer() {
    const button = document.getElementById("allow-alerts");
    if (!button) return;
    const wanted = "Notification" in window && Notification.permission === "default";
    button.hidden = !wanted && body.dataset.silent !== "true";
    button.addEventListener("click", async () => {
      if ("Notification" in window) await Notification.requestPermission();
      sound();
      delete body.dataset.silent;
      button.hidden = true;
    });
  }

  function count() {
    const now = Date.now();
    for (const one of document.querySelectorAll("[data-deadline]")) {
      const left = Math.round((Date.parse(one.dataset.deadline) - now) / 1000);
      const size = Math.abs(left);
      const text = size >= 3600 ? `${Math.floor(size / 3600)} 小时 ${Math.floor(size / 60) % 60} 分` : `${Math.floor(size / 60)} 分 ${size % 60} 秒`;
      one.textContent = left >= 0 ? `还剩 ${text}` : `已超时 ${text}`;
      one.classList.toggle("late", left < 0);
    }
  }

  for (const one of document.querySelectorAll("[data-print]")) {
    one.hidden = false;
    one.addEventListener("click", () => window.print());
  }

  connect();
  offer();
  count();
  setInterval(count, 1000);
})();

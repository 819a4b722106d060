// Live alerts on every open page: connects, resumes behind the last sequence it has seen, and makes itself heard.
// No framework and no timer decides whether an alert is shown: a message comes, it is shown. Works in a hidden tab.
"use strict";
(() => {
  const body = document.body;
  const state = document.getElementById("live-state");
  const alarm = document.getElementById("alarm");
  if (!state || !body.dataset.live) return;

  const SEEN = "sihu-seen"; // of this tab: last sequence heard
  const UNREAD = "sihu-unread"; // of this tab: alerts heard that nobody here has looked at, kept from page to page
  const SOUNDED = "sihu-sounded"; // of all tabs: up to which sequence there was a sound, and when
  const RESUME_MOST = 5000; // further back than this the page itself has told it
  const UNREAD_MOST = 50;
  const SOUND_MS = 900;
  const PLAY_MS = 500; // a tab that was never in front does not play, and does not say so
  const GIVE_WAY_MS = 150;
  const SAME_BURST_MS = 60000;
  const WAIT_MS = [300, 600, 1200, 2500, 5000];
  const ENDED = 4401;
  const ownTitle = document.title;
  const levels = { 1: "1级 红色", 2: "2级 橙色", 3: "3级 黄色", 4: "4级 蓝色" };
  const statuses = { exercise: "【演练】", test: "【测试】" };
  const others = "BroadcastChannel" in window ? new BroadcastChannel("sihu-alarm") : null;
  const tone = document.getElementById("alarm-sound") || new Audio(body.dataset.sound); // loaded before it is needed
  tone.preload = "auto";
  const unread = new Map(stored(UNREAD, []));
  let tries = 0;
  let flashing = 0;
  let seen = start();

  function stored(name, otherwise) {
    try { return JSON.parse(sessionStorage.getItem(name)) ?? otherwise; } catch { return otherwise; }
  }

  function start() {
    const rendered = Number(body.dataset.live);
    const kept = stored(SEEN, NaN);
    return kept <= rendered && rendered - kept <= RESUME_MOST ? kept : rendered;
  }

  function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live?after=${seen}`);
    socket.onopen = () => {
      if (tries) refresh(); // what was missed is told by the stream; what changed without a word is not
      tries = 0;
      tell("实时连接正常", false);
    };
    socket.onmessage = (message) => hear(JSON.parse(message.data));
    socket.onclose = (event) => {
      if (event.code === ENDED) { leave(); return; }
      tell("实时连接中断，正在重连", true);
      setTimeout(connect, WAIT_MS[Math.min(tries++, WAIT_MS.length - 1)]);
    };
  }

  // The session has ended: back to this page by way of the log-in.
  function leave() {
    location.href = `/login?why=late&next=${encodeURIComponent(location.pathname + location.search)}`;
  }

  function tell(text, down) {
    state.textContent = text;
    state.classList.toggle("down", down);
  }

  function hear(message) {
    seen = message.sequence;
    const { event, receipt } = message;
    if (event && event.direction === "in" && event.level) raise(event, seen);
    if (receipt && receipt.direction === "out" && receipt.officer) answered(receipt.head);
    sessionStorage.setItem(SEEN, String(seen)); // behind the alarm: a page that is left meanwhile hears it again
    document.dispatchEvent(new CustomEvent("sihu:news", { detail: message }));
    refresh();
  }

  // What shows how things stand is fetched again; many messages at once cost one request that is under way and one more.
  // A hidden tab fetches when it comes to the front: its alarm needs no answer of the node.
  let fetching = false;
  let again = false;
  async function refresh() {
    const places = document.querySelectorAll("[data-refresh]");
    if (!places.length) return;
    again = true;
    if (fetching || document.hidden) return;
    fetching = true;
    try {
      while (again && !document.hidden) {
        again = false;
        await Promise.all([...places].map(renew));
        count();
      }
    } catch { again = true; /* the socket says that the node is away; fetched with the next message */ } finally { fetching = false; }
  }

  async function renew(place) {
    const reply = await fetch(place.dataset.refresh, { headers: { "X-Fragment": "1" } }); // nobody at work: it puts no end off
    if (reply.redirected) { leave(); return; }
    if (!reply.ok) return;
    const text = await reply.text();
    const focus = focusIn(place);
    place.innerHTML = text;
    if (focus) focus();
  }

  // Somebody who works with the keyboard stays where they are: on the same control of the same card.
  function focusIn(place) {
    const active = document.activeElement;
    if (!active || active === place || !place.contains(active)) return null;
    const card = active.closest("[id]");
    const within = card && place.contains(card) && card !== place ? card.id : "";
    const alike = (one) => one.tagName === active.tagName && one.textContent === active.textContent && one.value === active.value;
    return () => {
      const near = within ? document.getElementById(within) : place;
      const found = near && [...near.querySelectorAll("a, button, input, select, summary")].find(alike);
      if (found) found.focus({ preventScroll: true });
    };
  }

  function raise(event, sequence) {
    unread.set(event.envelope_id, { level: event.level, status: event.status, headline: event.headline });
    while (unread.size > UNREAD_MOST) unread.delete(unread.keys().next().value);
    body.dataset.heard = event.envelope_id;
    show();
    sound(sequence);
    notify(event.envelope_id, unread.get(event.envelope_id));
  }

  function wordOf(one) {
    return `${statuses[one.status] || ""}【${levels[one.level]}】${one.headline}`;
  }

  function show() {
    sessionStorage.setItem(UNREAD, JSON.stringify([...unread]));
    if (!unread.size) { quiet(); return; }
    const [id, newest] = [...unread].at(-1);
    const link = document.createElement("a");
    link.href = `/events/${id}`;
    link.textContent = unread.size > 1 ? `${wordOf(newest)}（另有 ${unread.size - 1} 件新预警）` : wordOf(newest);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "知道了";
    button.addEventListener("click", () => { calm(); if (others) others.postMessage("calm"); });
    alarm.replaceChildren(link, button);
    alarm.hidden = false;
    flash();
  }

  function calm() {
    unread.clear();
    show();
  }

  function answered(id) {
    if (unread.delete(id)) show();
  }

  function quiet() {
    alarm.hidden = true;
    clearInterval(flashing);
    flashing = 0;
    document.title = ownTitle;
  }

  // One tab sounds for all of them, where the browser can tell: first one in which something was pressed, for it may.
  // One that may not makes way for the next.
  async function sound(sequence) {
    if (!navigator.locks) { play(); return; }
    const mayNot = body.dataset.silent === "true" || (navigator.userActivation && !navigator.userActivation.hasBeenActive);
    if (mayNot) await after(GIVE_WAY_MS);
    navigator.locks.request("sihu-sound", async () => {
      const [upTo, at] = (localStorage.getItem(SOUNDED) || "0 0").split(" ").map(Number);
      if (upTo >= sequence && Date.now() - at < SAME_BURST_MS) return;
      if (!await play()) return;
      localStorage.setItem(SOUNDED, `${seen} ${Date.now()}`);
      await after(SOUND_MS);
    });
  }

  async function play() {
    tone.currentTime = 0;
    const played = await Promise.race([tone.play().then(() => true, () => false), after(PLAY_MS)]);
    if (played) {
      body.dataset.sounded = String(Number(body.dataset.sounded || 0) + 1);
      return true;
    }
    tone.pause();
    body.dataset.silent = "true";
    ask();
    return false;
  }

  function after(milliseconds) {
    return new Promise((done) => { setTimeout(done, milliseconds); });
  }

  function flash() {
    document.title = `(${unread.size}) 新预警！`;
    if (flashing) return;
    let on = true;
    flashing = setInterval(() => { on = !on; document.title = on ? `(${unread.size}) 新预警！` : ownTitle; }, 1000);
  }

  function notify(id, one) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const note = new Notification(wordOf(one), { body: "打开值班台签收", tag: id, requireInteraction: one.level <= 2 });
    note.onclick = () => { window.focus(); location.href = `/events/${id}`; };
    note.onshow = () => { body.dataset.notified = String(Number(body.dataset.notified || 0) + 1); };
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
      delete body.dataset.silent;
      play();
      if ("Notification" in window) await Notification.requestPermission();
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
    for (const one of document.querySelectorAll("[data-runs-out]")) { // of who is on duty next door: no name but the one of now
      if (Date.parse(one.dataset.runsOut) <= now) one.textContent = "未告知";
    }
  }

  // Opened is looked at: kept so, or it would ring again on the next page.
  if (unread.delete(location.pathname.replace("/events/", "")) || unread.size) show();
  if (others) others.onmessage = calm;
  document.addEventListener("visibilitychange", () => { if (!document.hidden && again) refresh(); });
  connect();
  offer();
  count();
  setInterval(count, 1000);
})();

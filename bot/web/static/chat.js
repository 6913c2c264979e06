// The web chat: sends each message until the server has stored it, and shows every event once, in order.
"use strict";

const log = document.getElementById("log");
const text = document.getElementById("text");
const connection = document.getElementById("connection");
const toast = document.getElementById("toast");
const UNSENT = "majordomo.unsent";
const RETRY_MS = 2000;
const shown = new Set();
let last = 0;

const unsent = () => JSON.parse(localStorage.getItem(UNSENT) || "[]");
const keep = (list) => localStorage.setItem(UNSENT, JSON.stringify(list));
const newId = () => "web-" + Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function atEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 120;
}

function add(element) {
  const follow = atEnd();
  log.append(element);
  if (follow) log.scrollTop = log.scrollHeight;
}

function clock(iso) {
  const time = document.createElement("time");
  time.dateTime = iso;
  time.textContent = new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return time;
}

function fill(bubble, entry) {
  // `html` comes from our own renderer, which lets no foreign tag through.
  bubble.innerHTML = entry.html;
  for (const row of entry.buttons || []) bubble.append(buttonRow(row));
  if (entry.file) {
    const link = document.createElement("a");
    link.className = "file";
    link.href = "/chat/files/" + entry.id;
    link.download = entry.file;
    link.textContent = "⬇ " + entry.file;
    bubble.append(link);
  }
}

function buttonRow(row) {
  const line = document.createElement("div");
  line.className = "buttons";
  for (const choice of row) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = choice.label;
    button.addEventListener("click", () => press(button, choice));
    line.append(button);
  }
  return line;
}

function show(entry) {
  if (shown.has(entry.id)) return;
  shown.add(entry.id);
  const bubble = document.createElement("article");
  bubble.className = entry.mine ? "message mine" : "message";
  bubble.dataset.id = entry.id;
  fill(bubble, entry);
  if (entry.at) bubble.append(clock(entry.at));
  document.querySelectorAll(".waiting").forEach((dots) => entry.mine || dots.remove());
  add(bubble);
}

function showMine(item) {
  show({ id: item.client_id, mine: true, html: "", buttons: [] });
  const bubble = log.querySelector(`[data-id="${item.client_id}"]`);
  bubble.textContent = item.text;
  bubble.classList.add("unsent");
}

function waiting() {
  document.querySelectorAll(".waiting").forEach((dots) => dots.remove());
  const dots = document.createElement("div");
  dots.className = "waiting";
  dots.setAttribute("aria-label", "an answer is on its way");
  add(dots);
  setTimeout(() => dots.remove(), 30000);
}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (answer.status === 403) location.reload();
  if (!answer.ok) throw new Error(String(answer.status));
}

let sending = false;
async function sendWaiting() {
  if (sending) return;
  sending = true;
  try {
    for (let item = unsent()[0]; item; item = unsent()[0]) {
      await post("/chat/messages", item);
      keep(unsent().slice(1));
      log.querySelector(`[data-id="${item.client_id}"]`)?.classList.remove("unsent");
    }
  } catch (error) {
    setTimeout(sendWaiting, RETRY_MS);
  } finally {
    sending = false;
  }
}

async function press(button, choice) {
  const all = button.closest(".message").querySelectorAll(".buttons button");
  all.forEach((other) => (other.disabled = true));
  const body = { client_id: newId(), token: choice.token, label: choice.label };
  try {
    await post("/chat/presses", body);
    waiting();
  } catch (error) {
    all.forEach((other) => (other.disabled = false));
    say("Not sent. Please try again.");
  }
}

function say(line) {
  toast.textContent = line;
  toast.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (toast.hidden = true), 3000);
}

function change(entry) {
  const bubble = log.querySelector(`[data-id="${entry.of}"]`);
  if (!bubble) return;
  const time = bubble.querySelector("time");
  fill(bubble, { ...entry, id: entry.of });
  if (time) bubble.append(time);
}

function listen() {
  const source = new EventSource("/chat/events?last=" + last);
  const on = (kind, handle) =>
    source.addEventListener(kind, (event) => {
      last = Number(event.lastEventId) || last;
      handle(JSON.parse(event.data));
    });
  on("message", show);
  on("edit", change);
  on("toast", (entry) => say(entry.text));
  source.onopen = () => {
    connection.textContent = "connected";
    sendWaiting();
  };
  source.onerror = () => {
    connection.textContent = "not connected, trying again…";
    source.close();
    setTimeout(listen, RETRY_MS);
  };
}

document.getElementById("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (!said) return;
  const item = { client_id: newId(), text: said };
  keep([...unsent(), item]);
  showMine(item);
  waiting();
  text.value = "";
  text.style.height = "";
  sendWaiting();
});

text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    document.getElementById("composer").requestSubmit();
  }
});
text.addEventListener("input", () => {
  text.style.height = "auto";
  text.style.height = text.scrollHeight + "px";
});

async function begin() {
  try {
    const answer = await fetch("/chat/history");
    if (!answer.ok) throw new Error(String(answer.status));
    const past = await answer.json();
    last = past.last;
    past.entries.forEach(show);
    log.scrollTop = log.scrollHeight;
    for (const item of unsent()) if (!shown.has(item.client_id)) showMine(item);
    listen();
  } catch (error) {
    connection.textContent = "not connected, trying again…";
    setTimeout(begin, RETRY_MS);
  }
  text.focus();
}
begin();

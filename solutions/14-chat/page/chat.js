// chat.js - the chat in the browser. What other people wrote is only ever put into the page as text
// (textContent), never as HTML.
"use strict";

const MOST_LINES = 500;       // that the page keeps
const FIRST_DELAY = 500;      // ms before it connects again, twice as long each time,
const LONGEST_DELAY = 15000;  // up to this

const $ = id => document.getElementById(id);
const element = (name, className, text) => {
  const e = document.createElement(name);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
};

let socket = null;
let delay = FIRST_DELAY;
let timer = 0;
let me = null;         // the name, once somebody has come in; it is taken again after a reconnect
let userId = null;     // what the server calls me
let room = "general";
let rooms = [];
const members = new Map(); // id -> name
let count = 0;             // members, also those that the server did not name
let newest = "";           // the time of the last message in this room: what came before is known
let seen = new Set();      // messages with that time

// ---- the connection ----

function show(state, words) {
  $("connection").dataset.state = state;
  $("connection").textContent = words;
  for (const button of document.querySelectorAll("form button")) button.disabled = state !== "open";
}

function send(content) {
  if (!socket || socket.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(content));
  return true;
}

function connect() {
  clearTimeout(timer);
  show("connecting", "Connecting…");
  const scheme = location.protocol === "https:" ? "wss://" : "ws://";
  socket = new WebSocket(scheme + location.host + "/chat");
  socket.onopen = () => {
    show("open", "Connected");
    if (me) send({type: "register", username: me});
  };
  socket.onmessage = event => receive(JSON.parse(event.data));
  socket.onclose = event => lost(event);
}

// Full or closing is no reason to give up; to be dropped as a slow reader is none, either.
function lost(event) {
  const why = {1001: "The server is closing.", 1008: "The server has let go of us.",
               1013: "The chat is full."}[event.code] || "The connection is lost.";
  userId = null;
  const wait = delay * (0.75 + Math.random() / 2); // not everybody at the same moment
  delay = Math.min(2 * delay, LONGEST_DELAY);
  show("closed", `${why} Trying again in ${Math.ceil(wait / 1000)} s…`);
  timer = setTimeout(connect, wait);
}

// Back from sleep, or the network is there again: no need to wait.
function hurry() {
  if (socket && socket.readyState === WebSocket.CLOSED) {
    delay = FIRST_DELAY;
    connect();
  }
}
window.addEventListener("online", hurry);
document.addEventListener("visibilitychange", () => document.hidden || hurry());

// ---- what the server says ----

const handlers = {
  welcome(m) {
    rooms = m.rooms;
    showDoors();
    showRooms();
  },
  registered(m) {
    delay = FIRST_DELAY;
    me = m.username;
    userId = m.user_id;
    send({type: "join", room_id: room});
  },
  room_info(m) {
    const again = m.room_id === room && !$("inside").hidden && $("messages").childElementCount > 0;
    room = m.room_id;
    $("door").hidden = true;
    $("inside").hidden = false;
    $("room-name").textContent = m.room_name;
    document.title = `${m.room_name} - Chat`;
    if (!again) {
      $("messages").replaceChildren();
      newest = "";
      seen = new Set();
    }
    members.clear();
    for (const one of m.members) members.set(one.id, one.username);
    members.set(userId, me);
    count = m.member_count;
    for (const one of m.recent_messages) showMessage(one);
    notice(again ? "You are back." : `You joined ${m.room_name}.`);
    showMembers();
    showRooms();
    (again ? null : $("text"))?.focus();
  },
  user_joined(m) {
    if (m.room_id !== room) return;
    members.set(m.user_id, m.username);
    count++;
    notice(m.message, m.timestamp);
    showMembers();
  },
  user_left(m) {
    if (m.room_id !== room) return;
    members.delete(m.user_id);
    count--;
    notice(m.message, m.timestamp);
    showMembers();
  },
  chat_message(m) {
    if (m.room_id === room) showMessage(m);
  },
  error(m) {
    // After a reconnect the server may not have noticed yet that the old connection is gone.
    if (m.code === "name-taken" && !$("inside").hidden) {
      show("connecting", "Waiting for the name to be free…");
      setTimeout(() => send({type: "register", username: me}), 2000);
      return;
    }
    if ($("inside").hidden) me = null;
    complain(m.message);
  },
};

function receive(m) {
  if (Object.hasOwn(handlers, m.type)) handlers[m.type](m);
}

// ---- what is shown ----

function complain(words) {
  $($("inside").hidden ? "register-error" : "error").textContent = words;
}

// Adds a line, and stays at the end if the reader is there.
function addLine(line) {
  const list = $("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(line);
  while (list.childElementCount > MOST_LINES) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function timeOf(stamp) {
  const date = stamp ? new Date(stamp) : new Date();
  const time = element("time", "", date.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"}));
  time.dateTime = date.toISOString();
  return time;
}

// After a reconnect the server sends again what was here already.
function isKnown(m) {
  const key = `${m.timestamp} ${m.username} ${m.message}`;
  if (m.timestamp < newest || seen.has(key)) return true;
  if (m.timestamp > newest) seen = new Set();
  newest = m.timestamp;
  seen.add(key);
  return false;
}

function showMessage(m) {
  const again = m.user_id === userId && m.timestamp === newest; // said twice in one millisecond
  if (isKnown(m) && !again) return;
  const line = element("li", m.username === me ? "mine" : "");
  line.append(element("span", "who", m.username), timeOf(m.timestamp),
              element("p", "words", m.message));
  addLine(line);
}

function notice(words, stamp) {
  const line = element("li", "notice", `${words} `);
  line.append(timeOf(stamp));
  addLine(line);
}

function showMembers() {
  const names = [...members.values()].sort((a, b) => a.localeCompare(b));
  const list = names.map(name => element("li", "", name === me ? `${name} (you)` : name));
  if (count > names.length) list.push(element("li", "notice", `and ${count - names.length} more`));
  $("members").replaceChildren(...list);
  $("count").textContent = `(${count})`;
}

function showRooms() {
  $("rooms").replaceChildren(...rooms.map(one => {
    const button = element("button", "", one.name);
    button.type = "button";
    button.setAttribute("aria-current", String(one.id === room));
    button.onclick = () => one.id === room || send({type: "join", room_id: one.id});
    const item = element("li");
    item.append(button);
    return item;
  }));
}

function showDoors() {
  $("doors").replaceChildren(...rooms.map(one => {
    const label = element("label");
    const input = element("input");
    Object.assign(input, {type: "radio", name: "room", value: one.id, checked: one.id === room});
    input.onchange = () => { room = one.id; };
    label.append(input, element("span", "", one.name), element("span", "members", `${one.members} here`));
    return label;
  }));
}

// ---- what the reader does ----

$("register").onsubmit = event => {
  event.preventDefault();
  complain("");
  me = $("username").value.trim();
  send({type: "register", username: me});
};

$("say").onsubmit = event => {
  event.preventDefault();
  complain("");
  const text = $("text").value;
  if (text.trim() === "") return;
  if (send({type: "message", message: text})) $("text").value = "";
  $("text").focus();
};

$("text").onkeydown = event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("say").requestSubmit();
  }
};

connect();

// The live tab. Its template is live.html.
// The camera's pictures go to the server one at a time, the next one when the last was answered: what
// comes meanwhile is not sent. Pictures are sent as they are and shown as in a mirror.

import { sized } from "./drawing.js";
import { EMOTIONS } from "./facts.js";
import { open } from "./sockets.js";
import { caption, percent, said, wholePercent } from "./words.js";

const RATE = 15; // pictures a second, at most
const LONGER_SIDE = 640; // of the pictures that are sent
const MINUTE = 60;
const STRIP = 56; // height of a person's part of the timeline, in pixels
const LINE = 26; // height of an emotion's part
const THUMBNAIL = 128; // side of the small pictures
const SHOWN = 4; // people in the timeline
const DRAWN_EVERY = 200; // milliseconds between drawings of the timeline
const ANSWER_WITHIN = 10_000; // milliseconds

const emotions = Object.keys(EMOTIONS);
const root = document.querySelector(".fx-live");
const find = (selector) => root.querySelector(selector);
const video = find("video");
const boxes = find(".fx-stage canvas");
const timeline = find(".fx-timeline");
const problem = find(".fx-problem");
const sent = document.createElement("canvas");

// All there is of one run of the camera; null while it is off.
let run = null;
// What was seen in the last minute of the last run, the newest last.
let seen = [];
let view = "people";

const CAMERA_PROBLEMS = {
  NotAllowedError: "The browser does not let this page use the camera. Allow it (the sign beside the"
    + " page's address, or the system's settings for privacy) and press Start again.",
  NotFoundError: "No camera was found. Connect one and press Start again.",
  NotReadableError: "The camera cannot be read: another program may be using it. Close that and press"
    + " Start again.",
  OverconstrainedError: "This camera has no picture that can be used here.",
};

function complain(sentence) {
  problem.textContent = sentence;
  problem.hidden = false;
}

async function startCamera() {
  problem.hidden = true;
  if (!navigator.mediaDevices) {
    complain("The browser gives a camera only to pages opened by https:// or on this machine.");
    return;
  }
  const mine = (run = { history: (seen = []), recent: [], moments: [], delays: [], began: performance.now() });
  show(true);
  try {
    const wanted = { video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" } };
    mine.stream = await navigator.mediaDevices.getUserMedia(wanted);
    if (run !== mine) return release(mine);
    // The camera's plug was pulled, or the permission taken away.
    mine.stream.getVideoTracks()[0].addEventListener("ended", () =>
      stop(mine, "The camera was switched off. Press Start to go on."));
    video.srcObject = mine.stream;
    await video.play();
    await connect(mine);
    await watchCamera(mine);
  } catch (error) {
    const known = CAMERA_PROBLEMS[error.name] || error.sentence;
    stop(mine, known || "The camera cannot be used. Press Start to try again.");
  }
}

function stop(mine, sentence) {
  release(mine);
  if (run !== mine) return;
  run = null;
  show(false);
  if (sentence) complain(sentence);
}

function release(mine) {
  mine.stopped = true;
  for (const track of mine.stream?.getTracks() ?? []) track.stop();
  mine.socket?.close();
  video.srcObject = null;
}

function show(on) {
  find("[data-do=start]").hidden = on;
  find("[data-do=stop]").hidden = !on;
  if (on) find(".fx-show").hidden = false;
  boxes.getContext("2d").clearRect(0, 0, boxes.width, boxes.height);
  if (on) return;
  // What was seen stays to be looked at; the picture does not.
  find(".fx-stage").hidden = true;
  find(".fx-rate").textContent = "The camera is off. What was seen stays here until it is started again.";
}

// Opens the connection. From then on `mine.answer()` waits for the next answer.
function connect(mine) {
  return new Promise((resolve, reject) => {
    const socket = (mine.socket = open(root.dataset.route));
    let waiting = null;
    let opened = false;
    socket.onopen = () => { opened = true; resolve(); };
    socket.onmessage = (event) => waiting?.resolve(JSON.parse(event.data));
    socket.onclose = (event) => {
      const broken = opened
        ? "The connection to the server ended. Press Start to go on."
        : "The server takes no live pictures now, or something between here and there lets no"
          + " WebSocket through. Try again in a minute.";
      const error = said(event.reason || broken);
      reject(error);
      waiting?.reject(error);
      mine.closed = error;
    };
    mine.answer = () => new Promise((...functions) => {
      waiting = { resolve: functions[0], reject: functions[1] };
      if (mine.closed) waiting.reject(mine.closed);
      setTimeout(() => functions[1](said("The server does not answer. Press Start to go on.")), ANSWER_WITHIN);
    });
  });
}

async function watchCamera(mine) {
  find(".fx-stage").hidden = false;
  while (!mine.stopped) {
    const began = performance.now();
    // Another tab of the page hides this one.
    if (root.offsetParent === null) return stop(mine);
    if (document.hidden) { await pause(200); continue; }
    const picture = await capture();
    if (mine.stopped) return;
    if (picture) {
      const answered = mine.answer();
      mine.socket.send(picture);
      const answer = await answered;
      if (mine.stopped) return;
      take(mine, answer, performance.now() - began);
    }
    await pause(1000 / RATE - (performance.now() - began));
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}

// The picture as it is now, as a JPEG; null while the camera has none.
function capture() {
  if (!video.videoWidth) return null;
  // A telephone that is turned changes its size.
  const scale = Math.min(1, LONGER_SIDE / Math.max(video.videoWidth, video.videoHeight));
  sent.width = Math.round(video.videoWidth * scale);
  sent.height = Math.round(video.videoHeight * scale);
  sent.getContext("2d").drawImage(video, 0, 0, sent.width, sent.height);
  return new Promise((resolve) => sent.toBlob(resolve, "image/jpeg", 0.85));
}

function take(mine, answer, delay) {
  if (answer.error) {
    find(".fx-rate").textContent = answer.error;
    return;
  }
  const now = performance.now();
  mine.delays = [...mine.delays.filter((each) => each.at > now - 3000), { at: now, delay }];
  mine.history.push(answer);
  while (mine.history[0].time < answer.time - MINUTE) mine.history.shift();
  remember(mine, answer);
  if (answer.moments) mine.moments = answer.moments;
  drawBoxes(answer);
  drawNumbers(mine.history);
  if (now - (mine.drawn ?? 0) > DRAWN_EVERY) {
    mine.drawn = now;
    drawTimeline(mine.history);
  }
  drawMoments(mine);
  // On a telephone it is below the note.
  if (mine.history.length === 1 && window.innerWidth <= 760) find(".fx-stage").scrollIntoView();
  const seconds = Math.min(3, (now - mine.began) / 1000);
  const middle = mine.delays.map((each) => each.delay).sort((a, b) => a - b)[mine.delays.length >> 1];
  find(".fx-rate").textContent = `${(mine.delays.length / seconds).toFixed(1)} pictures a second, each`
    + ` read and shown after ${Math.round(middle)} ms`;
}

function drawBoxes(answer) {
  const [width, height] = [boxes.clientWidth, boxes.clientHeight];
  const pen = sized(boxes, width, height);
  const scale = width / sent.width;
  pen.font = "600 14px system-ui, sans-serif";
  pen.textBaseline = "middle";
  for (const face of answer.faces) {
    const { colour, ink } = EMOTIONS[face.emotion];
    const side = face.box.width * scale;
    // The video is mirrored by its style, the boxes' places here.
    const left = width - face.box.x * scale - side;
    const top = face.box.y * scale;
    pen.lineWidth = 5;
    pen.strokeStyle = "#000";
    pen.strokeRect(left, top, side, face.box.height * scale);
    pen.lineWidth = 3;
    pen.strokeStyle = colour;
    pen.strokeRect(left, top, side, face.box.height * scale);
    const text = (face.person ? `${face.person}  ` : "") + caption(face);
    const long = pen.measureText(text).width + 10;
    const x = Math.max(0, Math.min(left - 2, width - long));
    const y = top >= 26 ? top - 26 : Math.min(height - 24, top + face.box.height * scale + 4);
    pen.fillStyle = colour;
    pen.fillRect(x, y, long, 22);
    pen.fillStyle = ink;
    pen.fillText(text, x + 5, y + 12);
  }
}

function drawNumbers(history) {
  const answer = history[history.length - 1];
  drawPeople(answer);
  drawGroup(answer);
}

function drawPeople(answer) {
  const list = find(".fx-people");
  const faces = answer.faces.filter((face) => face.person);
  list.hidden = view !== "people";
  const wanted = faces.map((face) => `p${face.person}`).join();
  if (list.dataset.people !== wanted) {
    list.dataset.people = wanted;
    list.replaceChildren(...faces.map((face) => barsOf(face.person)));
    if (!faces.length) list.textContent = "No face in sight: turn to the camera, with light from the front.";
  }
  faces.forEach((face, index) => {
    const table = list.children[index];
    table.caption.textContent = `Person ${face.person}: ${caption(face)}`;
    fill(table, face.probabilities);
  });
}

function barsOf(person) {
  const table = find(".fx-group").cloneNode(true);
  table.className = "fx-bars";
  table.hidden = false;
  table.dataset.person = person;
  return table;
}

function fill(table, values, spread) {
  for (const row of table.querySelectorAll("tr")) {
    const value = values[row.dataset.emotion];
    row.querySelector(".fx-track span").style.width = percent(value);
    const more = spread ? ` ± ${wholePercent(spread[row.dataset.emotion])}` : "";
    row.lastElementChild.textContent = percent(value) + more;
  }
}

function drawGroup(answer) {
  const table = find(".fx-group");
  table.hidden = view !== "group";
  const count = answer.faces.length;
  table.caption.textContent = `${count} ${count === 1 ? "face" : "faces"}: mean and spread`;
  const none = Object.fromEntries(emotions.map((emotion) => [emotion, 0]));
  fill(table, answer.group.mean ?? none, answer.group.spread ?? none);
}

function drawTimeline(history) {
  const style = getComputedStyle(root);
  const end = history[history.length - 1].time;
  const people = [...new Set(history.flatMap((each) => each.faces.map((face) => face.person)))]
    .filter((person) => person)
    .slice(-SHOWN);
  const rows = view === "people" ? Math.max(1, people.length) : emotions.length + 1;
  const width = timeline.clientWidth;
  const high = view === "people" ? STRIP : LINE;
  const height = rows * (high + 6) + 18;
  timeline.style.height = `${height}px`;
  const pen = sized(timeline, width, height);
  const [left, ink] = [view === "people" ? 20 : 64, style.color];
  const across = (time) => left + (width - left) * (1 - (end - time) / MINUTE);
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = ink;
  for (const ago of [60, 40, 20]) pen.fillText(`${ago} s ago`, across(end - ago) + 3, height - 4);
  pen.textAlign = "right";
  pen.fillText("now", width, height - 4);
  pen.textAlign = "left";
  for (let row = 0; row < rows; row++) {
    const top = row * (high + 6);
    pen.strokeStyle = "#8888";
    pen.strokeRect(left + 0.5, top + 0.5, width - left - 1, high);
    if (view === "people" && people.length) drawPerson(pen, history, people[row], across, top, ink);
    if (view === "group") drawSpread(pen, history, row, across, top, ink);
  }
}

// Where a face was seen, its probabilities one upon the other, each picture until the next.
function drawPerson(pen, history, person, across, top, ink) {
  history.forEach((each, index) => {
    const face = each.faces.find((one) => one.person === person);
    if (!face) return;
    const from = across(each.time);
    const next = history[index + 1]?.time ?? each.time;
    const to = Math.max(from + 1, across(Math.min(next, each.time + 0.5)));
    let y = top + STRIP;
    for (const emotion of emotions) {
      const height = face.probabilities[emotion] * STRIP;
      pen.fillStyle = EMOTIONS[emotion].colour;
      pen.fillRect(from, y - height, to - from + 0.5, height);
      y -= height;
    }
  });
  pen.fillStyle = ink;
  pen.fillText(person, 2, top + STRIP / 2 + 4);
}

// An emotion's mean over all faces in a band of its spread; in the last row how many faces there are.
function drawSpread(pen, history, row, across, top, ink) {
  const emotion = emotions[row];
  const most = Math.max(1, ...history.map((each) => each.faces.length));
  const value = (each) => (emotion ? each.group.mean?.[emotion] : each.faces.length / most);
  const spread = (each) => (emotion && each.group.spread?.[emotion]) || 0;
  const up = (share) => top + LINE * (1 - Math.max(0, Math.min(1, share)));
  pen.fillStyle = ink;
  pen.fillText(emotion ?? `faces, ${most}`, 2, top + LINE / 2 + 4);
  history.forEach((each, index) => {
    const before = history[index - 1];
    const known = value(each) !== undefined && before && value(before) !== undefined;
    if (!known || each.time - before.time > 1) return;
    const [from, to] = [across(before.time), across(each.time)];
    if (emotion) {
      pen.fillStyle = EMOTIONS[emotion].colour;
      pen.beginPath();
      pen.moveTo(from, up(value(before) + spread(before)));
      pen.lineTo(to, up(value(each) + spread(each)));
      pen.lineTo(to, up(value(each) - spread(each)));
      pen.lineTo(from, up(value(before) - spread(before)));
      pen.fill();
    }
    pen.strokeStyle = ink;
    pen.beginPath();
    pen.moveTo(from, up(value(before)));
    pen.lineTo(to, up(value(each)));
    pen.stroke();
  });
}

// Small pictures of the faces of the last seconds, in case one of them turns out to be a moment's.
function remember(mine, answer) {
  if (!find("[data-do=keep]").checked) {
    mine.recent = [];
    return;
  }
  mine.recent = mine.recent.filter((each) => each.time > answer.time - 4);
  const last = mine.recent[mine.recent.length - 1];
  if (last && answer.time - last.time < 0.2) return;
  const faces = new Map();
  for (const face of answer.faces.filter((each) => each.person)) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = THUMBNAIL;
    const side = 1.6 * Math.max(face.box.width, face.box.height);
    const x = face.box.x + face.box.width / 2 - side / 2;
    const y = face.box.y + face.box.height / 2 - side / 2;
    const pen = canvas.getContext("2d");
    pen.translate(THUMBNAIL, 0);
    pen.scale(-1, 1); // as the mirror shows it
    pen.drawImage(sent, x, y, side, side, 0, 0, THUMBNAIL, THUMBNAIL);
    faces.set(face.person, canvas);
  }
  mine.recent.push({ time: answer.time, faces });
}

function drawMoments(mine) {
  const named = (moment) => `${moment.person} at ${moment.time}`;
  if (mine.shown === mine.moments || !mine.moments.length) return;
  mine.shown = mine.moments;
  const list = find(".fx-moments ul");
  const before = new Map([...list.children].map((item) => [item.dataset.moment, item]));
  list.replaceChildren(...mine.moments.map((moment) =>
    before.get(named(moment)) ?? itemOf(mine, moment, named(moment))));
  find(".fx-moments").hidden = false;
}

function itemOf(mine, moment, name) {
  const item = document.createElement("li");
  item.dataset.moment = name;
  const clock = new Date(1000 * moment.time).toISOString().slice(11, 19);
  const text = `Person ${moment.person} after ${clock}: ${moment.before} to ${moment.after}`;
  const near = mine.recent.filter((each) => each.faces.has(moment.person));
  if (find("[data-do=keep]").checked && near.length) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fx-button";
    button.setAttribute("aria-label", `${text}. Show it larger`);
    const at = (time) => near.reduce((best, each) =>
      Math.abs(each.time - time) < Math.abs(best.time - time) ? each : best);
    for (const time of [moment.time - 1, moment.time + 1]) {
      const face = document.createElement("canvas");
      face.width = face.height = THUMBNAIL;
      face.getContext("2d").drawImage(at(time).faces.get(moment.person), 0, 0);
      button.append(face);
    }
    button.addEventListener("click", () => item.classList.toggle("fx-large"));
    item.append(button);
  }
  item.append(text);
  return item;
}

root.addEventListener("click", (event) => {
  const action = event.target.closest("[data-do]")?.dataset.do;
  if (action === "start" && !run) startCamera();
  if (action === "stop" && run) stop(run);
  const chosen = event.target.closest("[data-view]")?.dataset.view;
  if (chosen) {
    view = chosen;
    for (const button of root.querySelectorAll("[data-view]"))
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    if (seen.length) {
      drawNumbers(seen);
      drawTimeline(seen);
    }
  }
});
window.addEventListener("pagehide", () => run && stop(run));

// What is pressed before the script is there would do nothing.
find("[data-do=start]").disabled = false;

export function start() {}

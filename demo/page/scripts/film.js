// The film tab. Its template is film.html.
// The film goes to the server through a connection of its own, and its results come back through it:
// they are kept as the page's own files, under addresses that only this page knows.

import { open } from "./sockets.js";
import { clock, said, wholePercent } from "./words.js";

const PART = 512 * 1024; // of the film, in bytes
const AHEAD = 4 * 1024 * 1024; // bytes that may wait for the network
const SHOWN_PEOPLE = 12;

const root = document.querySelector(".fx-film");
const find = (selector) => root.querySelector(selector);
const problem = find(".fx-problem");
const bar = find("progress");
const player = find("video");

let chosen = null; // the file
let run = null; // all there is of one reading; null when none is under way
let addresses = []; // of what is shown

function complain(sentence) {
  problem.textContent = sentence;
  problem.hidden = !sentence;
}

function busy(on) {
  find("[data-do=start]").hidden = on;
  find("[data-do=cancel]").hidden = !on;
  for (const input of root.querySelectorAll("input")) input.disabled = on;
  bar.hidden = !on;
  bar.removeAttribute("value");
  if (!on) find(".fx-far").textContent = "";
}

function far(text, share) {
  find(".fx-far").textContent = text;
  if (share === undefined) bar.removeAttribute("value");
  else bar.value = Math.min(1, share);
}

function choose(file) {
  chosen = file;
  complain("");
  find(".fx-name").textContent = `${file.name}, ${(file.size / 1e6).toFixed(1)} MB`;
  const limit = Number(root.dataset.limit);
  if (file.size > limit)
    complain(`The film has ${Math.ceil(file.size / 1e6)} MB; at most ${Math.round(limit / 1e6)} are`
      + " taken here. Cut it, or use the command line, which takes any.");
  find("[data-do=start]").disabled = file.size > limit;
}

async function startReading() {
  const mine = (run = { files: new Map(), film: chosen });
  complain("");
  clear();
  busy(true);
  try {
    await read(mine);
    await showResults(mine);
  } catch (error) {
    complain(error.sentence ?? "The results cannot be shown.");
  }
  mine.socket?.close();
  run = null;
  busy(false);
}

// Sends the film and takes in what comes back, until the server closes the connection.
function read(mine) {
  return new Promise((resolve, reject) => {
    const socket = (mine.socket = open(root.dataset.route));
    socket.binaryType = "blob";
    const order = { name: mine.film.name.slice(0, 255), bytes: mine.film.size };
    for (const name of ["annotate", "thumbnails"]) order[name] = find(`[data-do=${name}]`).checked;
    let current = null;
    socket.onopen = () => socket.send(JSON.stringify(order));
    socket.onmessage = ({ data }) => {
      if (data instanceof Blob) {
        current.parts.push(data);
        return;
      }
      const message = JSON.parse(data);
      if (message.error) mine.error = message.error;
      if (message.ready) upload(mine).catch(() => reject(said("The film's file cannot be read.")));
      if ("time" in message) progress(mine, message);
      if ("complete" in message) mine.told = message;
      if (message.file) mine.files.set(message.file, (current = { parts: [], bytes: message.bytes }));
    };
    socket.onclose = (event) => {
      const whole = mine.told && mine.files.size === mine.told.files
        && [...mine.files.values()].every((file) => new Blob(file.parts).size === file.bytes);
      if (mine.error) reject(said(mine.error));
      else if (whole) resolve();
      else reject(said(event.reason || "The connection to the server ended. Try again."));
    };
  });
}

async function upload(mine) {
  const { film, socket } = mine;
  for (let sent = 0; sent < film.size && socket.readyState === WebSocket.OPEN; sent += PART) {
    while (socket.bufferedAmount > AHEAD) await new Promise((resolve) => setTimeout(resolve, 20));
    socket.send(await film.slice(sent, sent + PART).arrayBuffer());
    far(`Sending: ${wholePercent(sent / film.size)}`, sent / film.size);
  }
  mine.began = performance.now();
  far("Opening the film");
}

function progress(mine, { time, duration }) {
  if (!time) return;
  if (!duration) {
    far(`${clock(time)} read`);
    return;
  }
  const share = time / duration;
  const left = ((performance.now() - mine.began) / 1000) * (1 / share - 1);
  far(`${clock(time)} of ${clock(duration)} read, about ${clock(left)} left`, share);
}

function cancel() {
  // What is still being sent has no results yet.
  if (run.began && run.socket.readyState === WebSocket.OPEN) run.socket.send("cancel");
  else {
    run.error = "Stopped before the film was there.";
    run.socket?.close();
  }
}

function clear() {
  addresses.forEach(URL.revokeObjectURL);
  addresses = [];
  player.removeAttribute("src");
  find(".fx-results").hidden = true;
}

function addressOf(content) {
  const address = URL.createObjectURL(content);
  addresses.push(address);
  return address;
}

const KINDS = { png: "image/png", jpg: "image/jpeg", mp4: "video/mp4", csv: "text/csv", json: "application/json" };

async function showResults(mine) {
  const files = new Map([...mine.files].map(([name, { parts }]) =>
    [name, new Blob(parts, { type: KINDS[name.split(".").pop()] ?? "application/octet-stream" })]));
  const named = (start) => [...files.keys()].filter((name) => name.startsWith(start));
  const summary = JSON.parse(await files.get(named("summary")[0]).text());
  const count = summary.people.length;
  const who = count === 1 ? "One person" : count ? `${count} people` : "Nobody found";
  find(".fx-verdict").textContent = `${who} in ${clock(summary.film.read_to)} of film`;
  fillList(".fx-sentences", summary.film.sentences);
  showPlayer(mine, files.get(named("annotated")[0]));
  showShares(summary);
  showMoments(summary, named("moments/").map((name) => [name, files.get(name)]));
  fillList(".fx-files ul", [...files].filter(([name]) => !name.includes("/")).map(([name, file]) => {
    const link = document.createElement("a");
    link.href = addressOf(file);
    link.download = name;
    link.textContent = `${name} (${file.size > 1e6 ? `${(file.size / 1e6).toFixed(1)} MB` : `${Math.ceil(file.size / 1e3)} KB`})`;
    return link;
  }));
  showPlots([...named("timeline"), ...named("people/")].map((name) => [name, files.get(name)]));
  find(".fx-results").hidden = false;
  find(".fx-verdict").scrollIntoView({ block: "nearest" });
}

function fillList(selector, contents) {
  find(selector).replaceChildren(...contents.map((content) => {
    const item = document.createElement("li");
    item.append(content);
    return item;
  }));
}

// The film with its boxes where there is one, else the film as it was chosen, if the browser plays it.
function showPlayer(mine, annotated) {
  player.hidden = false;
  player.onerror = () => { player.hidden = true; };
  player.src = addressOf(annotated ?? mine.film);
}

function showShares(summary) {
  const longest = [...summary.people].sort((a, b) => b.seconds - a.seconds).slice(0, SHOWN_PEOPLE);
  const rows = longest.sort((a, b) => a.person - b.person).map((each) =>
    [String(each.person), `${clock(each.first_seen)} to ${clock(each.last_seen)}`, each.share]);
  if (rows.length > 1) rows.push(["all", "", summary.group.share]);
  find(".fx-wide").hidden = !rows.length;
  find(".fx-shares tbody").replaceChildren(...rows.map(([person, seen, share]) => {
    const row = document.createElement("tr");
    const most = Math.max(...Object.values(share));
    for (const text of [person, seen, ...Object.values(share)]) {
      const cell = document.createElement(text === person ? "th" : "td");
      cell.textContent = typeof text === "number" ? wholePercent(text) : text;
      if (text === most) cell.className = "fx-most";
      row.append(cell);
    }
    return row;
  }));
}

function showMoments(summary, pictures) {
  find(".fx-moments").hidden = !summary.moments.length;
  fillList(".fx-moments ul", summary.moments.map((moment) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fx-button";
    const start = `moments/moment-${moment.time.toFixed(2).padStart(8, "0")}s-person-${moment.person}-`;
    const picture = pictures.find(([name]) => name.startsWith(start));
    if (picture) {
      const image = document.createElement("img");
      image.src = addressOf(picture[1]);
      image.alt = "";
      button.append(image);
    }
    button.append(`${clock(moment.time)} person ${moment.person}: ${moment.before} to ${moment.after}`);
    button.addEventListener("click", () => {
      player.currentTime = moment.time;
      player.scrollIntoView({ block: "nearest" });
    });
    return button;
  }));
}

function showPlots(plots) {
  find(".fx-plots").replaceChildren(...plots.map(([name, file]) => {
    const image = document.createElement("img");
    image.src = addressOf(file);
    const person = name.match(/person-(\d+)/)?.[1];
    image.alt = person ? `Probabilities of person ${person} over time` : "Mean and spread over time";
    image.loading = "lazy";
    return image;
  }));
}

root.addEventListener("change", (event) => {
  if (event.target.dataset.do === "file" && event.target.files.length) choose(event.target.files[0]);
});
root.addEventListener("click", (event) => {
  const action = event.target.closest("[data-do]")?.dataset.do;
  if (action === "start" && !run && chosen) startReading();
  if (action === "cancel" && run) cancel();
});
window.addEventListener("pagehide", () => run?.socket?.close());

// What is pressed before the script is there would do nothing.
find("[data-do=file]").disabled = false;

export function start() {}

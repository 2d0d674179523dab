// The live tab. Its template is live.html.
// The camera's pictures go to the server one at a time. The next one goes when the last is answered, and
// pictures in between are not sent. Pictures are sent as they are, but shown as in a mirror.

import { complainIn, listenToButtons } from "./buttons.js";
import { dropped } from "./dropping.js";
import { redrawn, sized } from "./drawing.js";
import { Camera } from "./live/camera.js";
import { Connection } from "./live/connection.js";
import { Moments } from "./live/moments.js";
import { Numbers } from "./live/numbers.js";
import { Record } from "./live/record.js";
import { Stage } from "./live/stage.js";
import { save } from "./saving.js";
import { drawTimeline, heightOf } from "./timeline.js";
import { views } from "./views.js";

const RATE = 15; // pictures a second, at most
const MINUTE = 60;
const SHOWN = 4; // people in the timeline
const DRAWN_EVERY = 200; // milliseconds between drawings of the timeline
const RATE_OVER = 3000; // milliseconds over which the rate is averaged
const NARROW = 760; // pixels; on a telephone the picture is below the note

export function start(element) {
  const root = element.querySelector(".fx-live");
  const find = (selector) => root.querySelector(selector);
  const complain = complainIn(find(".fx-problem"));
  const button = find("[data-do=switch]");
  const timeline = find(".fx-timeline");
  const camera = new Camera(find("video"), find("[data-do=camera]"));
  const stage = new Stage(find(".fx-stage"));
  const numbers = new Numbers(find(".fx-people"), find(".fx-group"));
  const moments = new Moments(find(".fx-moments"));
  const view = views(root, () => showSeen());
  let run = null; // the current run of the camera; null while it is off
  let seen = null; // the record of the last run
  let newest = null; // the last answer

  async function startCamera() {
    const mine = (run = { connection: new Connection(), delays: [] });
    complain("");
    show("Waiting for the camera. The browser may ask you to allow it.");
    try {
      await openCamera(mine);
      if (run !== mine) return;
      find(".fx-far").textContent = "";
      find(".fx-show").hidden = false;
      stage.show(true);
      if (window.innerWidth <= NARROW) find(".fx-stage").scrollIntoView();
      await mine.connection.open(root.dataset.route);
      await watch(mine);
    } catch (error) {
      stop(mine, error.sentence ?? "The camera cannot be used. Press Start to try again.");
    }
  }

  function openCamera(mine) {
    const ended = () => stop(mine, "The camera was switched off or unplugged. Press Start to go on.");
    return camera.open(ended);
  }

  function stop(mine, sentence) {
    mine.connection.close();
    if (run !== mine) return;
    run = null;
    camera.close();
    show("");
    stage.show(false);
    // The record stays on the page; the picture does not.
    find(".fx-show").hidden = !seen;
    find(".fx-rate").textContent = "The camera is off. These results stay here until you start it again.";
    complain(sentence ?? "");
  }

  function show(words) {
    button.textContent = run ? "Stop the camera" : "Start the camera";
    root.classList.toggle("fx-running", Boolean(run));
    find(".fx-far").textContent = words;
  }

  async function watch(mine) {
    while (run === mine) {
      const began = performance.now();
      // Stop when the visitor chooses another tab of the page.
      if (root.offsetParent === null) return stop(mine);
      if (document.hidden) {
        await pause(200);
        continue;
      }
      const picture = await camera.capture();
      if (run !== mine) return;
      if (picture) {
        const answer = await mine.connection.ask(picture);
        if (run !== mine) return;
        take(mine, answer, performance.now() - began);
      }
      await pause(1000 / RATE - (performance.now() - began));
    }
  }

  function take(mine, answer, delay) {
    if (answer.error) {
      find(".fx-rate").textContent = answer.error;
      return;
    }
    if (!mine.record) begin(mine);
    const wanted = find("[data-do=keep]").checked;
    newest = answer;
    seen.add(answer);
    moments.remember(answer, camera.sent, camera.mirrored, wanted);
    if (answer.moments) moments.show(answer.moments, wanted);
    stage.draw(answer.faces, camera.sent, camera.mirrored);
    numbers.show(answer, view());
    const now = performance.now();
    if (now - (mine.drawn ?? 0) > DRAWN_EVERY) {
      mine.drawn = now;
      draw();
    }
    mine.delays = [...mine.delays.filter((each) => each.at > now - RATE_OVER), { at: now, delay }];
    const seconds = Math.max(1000, Math.min(RATE_OVER, now - mine.began)) / 1000;
    const middle = mine.delays.map((each) => each.delay).sort((a, b) => a - b)[mine.delays.length >> 1];
    find(".fx-rate").textContent = `${(mine.delays.length / seconds).toFixed(1)} pictures a second, each`
      + ` read and shown after ${Math.round(middle)} ms`;
  }

  // Runs at the first answer; until then the record of the previous run stays.
  function begin(mine) {
    mine.record = seen = new Record();
    mine.began = performance.now();
    moments.clear();
    find(".fx-save").hidden = false;
  }

  function showSeen() {
    if (!newest) return;
    numbers.show(newest, view());
    draw();
  }

  function draw() {
    const width = timeline.clientWidth;
    if (!seen || !width) return;
    const { curves, people } = seen.recent(MINUTE, Math.max(1, Math.round(width / 2)), SHOWN);
    const height = heightOf(view(), people);
    timeline.style.height = `${height}px`;
    const ticks = [60, 40, 20].map((ago) => ({ time: curves.to - ago, text: `${ago} s ago` }));
    ticks.push({ time: curves.to, text: "now" });
    const ink = getComputedStyle(timeline).color;
    drawTimeline(sized(timeline, width, height), curves, { view: view(), people, width, ink, ticks });
  }

  const actions = {
    switch: () => (run ? stop(run) : startCamera()),
    full: () => stage.toggleFull(),
    table: () => save(seen.table(), "camera.csv"),
    plot: async () => save(await seen.plot(), "camera.png"),
  };
  listenToButtons(root, actions, complain);
  find("[data-do=camera]").addEventListener("change", async () => {
    camera.choose();
    const mine = run;
    if (mine) await openCamera(mine).catch((error) => stop(mine, error.sentence));
  });
  window.addEventListener("pagehide", () => run && stop(run));
  dropped(root, () => complain("Files dropped here are not read. Drop photographs under Picture, films under Film."));
  redrawn(timeline, draw);
  button.disabled = false;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}

// The record of a camera's run, kept on the page to show and save it.

import { curves } from "../curves.js";
import { sized } from "../drawing.js";
import { EMOTIONS, FILM_COLUMNS } from "../facts.js";
import { csv } from "../saving.js";
import { drawKey, drawTimeline, heightOf, LEFT, ticksOf } from "../timeline.js";
import { clock } from "../words.js";

const HELD = 0.5; // an answer counts for at most this many seconds
const MOST_FACES = 500_000; // about nine hours of one person; then the oldest are dropped
const MOST_STRIPS = 12; // people in the saved plot
const [WIDTH, MARGIN, HEAD] = [1000, 16, 30]; // pixels of the saved plot
const STEPS = WIDTH - 2 * MARGIN - LEFT; // steps of the saved plot's curves

const emotions = Object.keys(EMOTIONS);

export class Record {
  #samples = [];
  #faces = 0;

  get end() {
    return this.#samples.at(-1)?.time ?? 0;
  }

  add({ time, faces }) {
    const last = this.#samples.at(-1);
    if (last) last.until = Math.min(time, last.time + HELD);
    const kept = faces.map((face) => ({
      ...Object.fromEntries(FILM_COLUMNS.filter((name) => name in face).map((name) => [name, face[name]])),
      box: face.box,
      person: face.person,
      probabilities: emotions.map((each) => face.probabilities[each]),
    }));
    this.#samples.push({ time, until: time + 0.05, faces: kept });
    this.#faces += kept.length;
    while (this.#faces > MOST_FACES) this.#faces -= this.#samples.shift().faces.length;
  }

  // Returns the curves of the last `seconds`, and the newest people in them, `most` at most.
  recent(seconds, steps, most) {
    const from = this.end - seconds;
    const first = this.#samples.findLastIndex((each) => each.until < from) + 1;
    const found = curves(this.#samples.slice(first), from, this.end, steps);
    return { curves: found, people: [...found.people.keys()].sort((a, b) => a - b).slice(-most) };
  }

  // Returns a table with a row for each face of each picture and the columns of a film's table.
  table() {
    const rows = this.#samples.flatMap(({ time, faces }) => faces.map((face) => {
      const values = Object.fromEntries(emotions.map((each, index) => [each, face.probabilities[index].toFixed(6)]));
      const confidence = face.confidence.toFixed(6);
      const row = { ...face, ...face.box, ...values, confidence, time: time.toFixed(3) };
      return FILM_COLUMNS.map((column) => row[column]);
    }));
    return csv(FILM_COLUMNS, rows);
  }

  // Draws the whole record as a picture: each person, and all together.
  plot() {
    const from = this.#samples[0].time;
    const all = curves(this.#samples, from, Math.max(this.end, from + 1), STEPS);
    const length = (person) => all.people.get(person).filter(Boolean).length;
    const longest = [...all.people.keys()].sort((a, b) => length(b) - length(a));
    const people = longest.slice(0, MOST_STRIPS).sort((a, b) => a - b);
    const ticks = ticksOf(all.from, all.to, WIDTH - 2 * MARGIN, clock);
    const views = ["people", "group"];
    const height = views.reduce((sum, view) => sum + HEAD + heightOf(view, people), 2 * MARGIN + 24);
    const canvas = document.createElement("canvas");
    const pen = sized(canvas, WIDTH, height, 2);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, WIDTH, height);
    pen.translate(MARGIN, MARGIN);
    for (const view of views) {
      pen.fillStyle = "#222";
      pen.font = "600 14px system-ui, sans-serif";
      pen.textBaseline = "alphabetic";
      pen.fillText(view === "people" ? "Each person" : "All together: mean, and spread as a band", 0, 14);
      pen.translate(0, HEAD);
      drawTimeline(pen, all, { view, people, width: WIDTH - 2 * MARGIN, ink: "#222", ticks });
      pen.translate(0, heightOf(view, people));
    }
    drawKey(pen, 0, "#222");
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }
}

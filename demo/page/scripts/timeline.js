// Draws the curves of curves.js: a strip for each person, or a row for each emotion of all together.

import { EMOTIONS } from "./facts.js";

// Heights in pixels.
const STRIP = 56; // a person's strip
const LOW_STRIP = 28; // a person's strip if there are many people
const LINE = 40; // an emotion's row
const GAP = 6;
const AXIS = 18; // the times below

export const LEFT = 62; // the width of the names, in pixels

const emotions = Object.keys(EMOTIONS);

// Returns the height of the picture; `view` is "people" or "group".
export function heightOf(view, people) {
  return (view === "people" ? Math.max(1, people.length) : emotions.length + 1) * rowOf(view, people) + AXIS;
}

function rowOf(view, people) {
  return (view === "group" ? LINE : people.length > 4 ? LOW_STRIP : STRIP) + GAP;
}

// Draws with a pen of drawing.js. `people` are the numbers of the people to draw, `ticks` the times and
// texts below, and `ink` the colour of text.
export function drawTimeline(pen, curves, { view, people, width, ink, ticks }) {
  const row = rowOf(view, people);
  const height = row - GAP;
  const rows = view === "people" ? Math.max(1, people.length) : emotions.length + 1;
  const across = (time) => LEFT + ((width - LEFT) * (time - curves.from)) / (curves.to - curves.from);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  for (let index = 0; index < rows; index++) {
    const box = { left: LEFT, top: index * row, width: width - LEFT, height };
    if (view === "people") drawPerson(pen, curves.people.get(people[index]) ?? [], box);
    else drawGroup(pen, curves.group, emotions[index], box, ink);
    pen.globalAlpha = 0.4;
    pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, height - 1);
    pen.globalAlpha = 1;
    pen.fillStyle = ink;
    const most = Math.max(1, ...curves.group.map((each) => each?.faces ?? 0));
    const person = people[index] ? `Person ${people[index]}` : "";
    const name = view === "people" ? person : (emotions[index] ?? `faces, ${Math.ceil(most)}`);
    pen.fillText(name, 0, box.top + height / 2, LEFT - 4);
  }
  for (const { time, text } of ticks) drawTick(pen, across(time), text, rows * row, width);
}

function drawTick(pen, x, text, top, width) {
  const long = pen.measureText(text).width;
  pen.fillRect(Math.min(x, width - 1), top - GAP, 1, 5);
  pen.fillText(text, Math.min(x + 3, width - long), top + 6);
}

// Draws a person's probabilities, stacked, for the steps in which the person was seen.
function drawPerson(pen, steps, box) {
  // Use whole pixels, because seams would be visible otherwise.
  const across = (step) => box.left + Math.round((box.width * step) / steps.length);
  steps.forEach((probabilities, step) => {
    let y = box.top + box.height;
    probabilities?.forEach((probability, index) => {
      pen.fillStyle = EMOTIONS[emotions[index]].colour;
      const [left, high] = [across(step), probability * box.height];
      pen.fillRect(left, y - high, across(step + 1) - left, high);
      y -= probability * box.height;
    });
  });
}

// Draws an emotion's mean over all faces as an area, with a band for the spread around it. Without an
// emotion, draws the number of faces.
function drawGroup(pen, steps, emotion, box, ink) {
  const index = emotions.indexOf(emotion);
  const most = Math.max(1, ...steps.map((each) => each?.faces ?? 0));
  const value = (each) => (emotion ? each?.mean?.[index] : each && each.faces / (1.1 * most));
  const up = (share) => box.top + box.height * (1 - Math.max(0, Math.min(1, share)));
  const across = (step) => box.left + (box.width * step) / steps.length;
  for (const [first, last] of runs(steps.map(value))) {
    const line = (share) => {
      const points = [];
      for (let step = first; step <= last; step++) {
        const y = up(share(steps[step]));
        points.push([across(step), y], [across(step + 1), y]);
      }
      return points;
    };
    const level = line(value);
    if (emotion) {
      const floor = [[across(last + 1), up(0)], [across(first), up(0)]];
      pen.fillStyle = EMOTIONS[emotion].colour;
      fill(pen, [...level, ...floor]);
      const high = line((each) => each.mean[index] + each.spread[index]);
      const low = line((each) => each.mean[index] - each.spread[index]);
      pen.fillStyle = pen.strokeStyle = ink;
      pen.lineWidth = 1;
      pen.globalAlpha = 0.15;
      fill(pen, [...high, ...[...low].reverse()]);
      pen.globalAlpha = 0.5;
      stroke(pen, high);
      stroke(pen, low);
      pen.globalAlpha = 1;
    }
    pen.strokeStyle = ink;
    pen.lineWidth = 2;
    stroke(pen, level);
  }
}

// Returns the first and last step of each run of known values.
function runs(values) {
  const found = [];
  values.forEach((value, step) => {
    if (value === undefined || value === null) return;
    const last = found[found.length - 1];
    if (last?.[1] === step - 1) last[1] = step;
    else found.push([step, step]);
  });
  return found;
}

function fill(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.fill();
}

function stroke(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.stroke();
}

// Returns the times below a timeline, as many as fit; `name` turns a time into text.
export function ticksOf(from, to, width, name) {
  const most = Math.max(2, (width - LEFT) / 80);
  const step = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600].find(
    (each) => (to - from) / each <= most,
  ) ?? (to - from) / 4;
  const ticks = [];
  for (let time = Math.ceil(from / step) * step; time < to - step / 3; time += step)
    ticks.push({ time, text: name(time) });
  return ticks;
}

// Draws the key to the colours below a picture to save, and returns the key's height.
export function drawKey(pen, top, ink) {
  pen.font = "12px system-ui, sans-serif";
  let x = LEFT;
  for (const emotion of emotions) {
    pen.fillStyle = EMOTIONS[emotion].colour;
    pen.fillRect(x, top + 4, 12, 12);
    pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.strokeRect(x + 0.5, top + 4.5, 11, 11);
    pen.fillStyle = ink;
    pen.fillText(emotion, x + 18, top + 11);
    x += 34 + pen.measureText(emotion).width;
  }
  return 24;
}

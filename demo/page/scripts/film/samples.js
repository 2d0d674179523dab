// Turns a film's table into samples for curves.js.

import { EMOTIONS } from "../facts.js";

const emotions = Object.keys(EMOTIONS);

// Reads the CSV table of demo/film/table.py; `summary` is the film's summary. Probabilities are smoothed
// as in demo/people/tracking.py. Faces without a person are left out, as in the other results.
export function samplesOf(text, summary) {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const head = lines.findIndex((line) => line.startsWith("time,"));
  const columns = lines[head].split(",");
  const [person, ...places] = ["person", ...emotions].map((name) => columns.indexOf(name));
  const samples = [];
  const last = new Map(); // each person's last time and smoothed probabilities
  // A picture without a face has no row, so a sample must end at the time of such a picture.
  const held = 1.5 * Math.max(1 / summary.pictures_per_second, summary.film.read_to / summary.samples);
  for (const line of lines.slice(head + 1)) {
    // None of the cells read here contains a comma.
    const cells = line.split(",");
    if (!Number(cells[person])) continue;
    const time = Number(cells[0]);
    if (samples.at(-1)?.time !== time) samples.push({ time, until: time + held, faces: [] });
    const read = places.map((place) => Number(cells[place]));
    const before = last.get(cells[person]);
    const keep = before ? Math.exp((before.time - time) / summary.smoothing_seconds) : 0;
    const probabilities = read.map((value, index) => (before ? keep * before.probabilities[index] : 0) + (1 - keep) * value);
    last.set(cells[person], { time, probabilities });
    samples.at(-1).faces.push({ person: Number(cells[person]), probabilities });
  }
  const end = summary.film.read_to;
  return samples.flatMap((sample, index) => {
    const next = samples[index + 1]?.time ?? Math.max(sample.time, end);
    const until = Math.min(sample.until, next);
    const nobody = { time: until, until: next, faces: [] };
    const before = index || !sample.time ? [] : [{ time: 0, until: sample.time, faces: [] }];
    return [...before, { ...sample, until }, ...(next > until ? [nobody] : [])];
  });
}

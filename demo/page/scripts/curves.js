// Expressions over time, of each person and of all together.
//
// A sample is `{ time, until, faces }`. `time` and `until` are its start and end in seconds. Each face has
// its `person`, a number or null, and its `probabilities` in the order of the emotions.

// Turns samples into steps of equal length, as demo/film/timeline.py does.
// Returns `{ from, to, people, group }`. `people` has a list of steps for each person: the mean
// probabilities, or null if the person was not seen. `group` has for each step the mean number of `faces`,
// and the `mean` and `spread` (standard deviation) of their probabilities, or null if there were none.
export function curves(samples, from, to, steps) {
  const long = (to - from) / steps || 1;
  const people = new Map();
  const group = Array.from({ length: steps }, () => null);
  for (const { time, until, faces } of samples) {
    const last = Math.min(steps - 1, Math.ceil((until - from) / long - 1e-6) - 1);
    const first = Math.max(0, Math.min(last, Math.floor((time - from) / long + 1e-6)));
    for (let step = first; step <= last; step++) {
      const all = (group[step] ??= { samples: 0, ...nothing() });
      all.samples++;
      for (const { person, probabilities } of faces) {
        add(all, probabilities);
        if (!person) continue;
        if (!people.has(person)) people.set(person, Array.from({ length: steps }, () => null));
        add((people.get(person)[step] ??= nothing()), probabilities);
      }
    }
  }
  for (const line of people.values())
    line.forEach((each, step) => { line[step] = each && mean(each); });
  return { from, to, people, group: group.map((each) => each && { faces: each.count / each.samples, ...spread(each) }) };
}

function nothing() {
  return { count: 0, sums: new Array(7).fill(0), squares: new Array(7).fill(0) };
}

function add(step, probabilities) {
  step.count++;
  probabilities.forEach((value, index) => {
    step.sums[index] += value;
    step.squares[index] += value * value;
  });
}

function mean({ count, sums }) {
  return sums.map((sum) => sum / count);
}

function spread(step) {
  if (!step.count) return { mean: null, spread: null };
  const means = mean(step);
  const deviation = (square, index) => Math.sqrt(Math.max(0, square / step.count - means[index] ** 2));
  return { mean: means, spread: step.squares.map(deviation) };
}

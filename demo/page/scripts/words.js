// Numbers and faces in words, the same as in demo/answer/as_text.py and as_picture.py.

// Writes a probability for people, never as "100%" or "0%", because no network is that sure.
export function percent(probability) {
  if (probability >= 0.995) return ">99%";
  if (probability < 0.005) return "<1%";
  return `${rounded(100 * probability)}%`;
}

// Writes a counted share. It may be exactly 0% or 100%, but near values are not rounded to them.
export function wholePercent(part) {
  return part === 0 || part === 1 ? `${100 * part}%` : percent(part);
}

// Rounds to the nearest whole number, and halves to the even one, as Python does.
function rounded(value) {
  const whole = Math.floor(value);
  if (value - whole !== 0.5) return Math.round(value);
  return whole % 2 ? whole + 1 : whole;
}

// Returns a face's answer in a few words: "happy 97%", or "happy or surprise?" if it is uncertain.
export function caption(face) {
  if (face.uncertain) return `${face.summary.replace("uncertain: ", "")}?`;
  return `${face.emotion} ${percent(face.confidence)}`;
}

// Writes a time in seconds as "2:05".
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];

// Writes a number of people for the beginning of a sentence: "Two people".
export function counted(people) {
  return people === 1 ? "One person" : `${NUMBERS[people] ?? people} people`;
}

// Writes a size in bytes for people: "1.2 MB".
export function size(bytes) {
  return bytes > 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

// Says why a page that came over plain HTTP from another machine has no camera or clipboard.
export function onlySecurely(what) {
  return `The browser gives ${what} only to pages opened by https://, or on the machine that runs the server.`;
}

// Makes an error with a `sentence` for people.
export function said(sentence) {
  return Object.assign(new Error(sentence), { sentence });
}

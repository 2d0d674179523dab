// How numbers and faces are put into words: as the server does it in demo/answer/as_text.py and as_picture.py.

// A probability for people; never "100%" or "0%", which a network cannot know.
export function percent(probability) {
  if (probability >= 0.995) return ">99%";
  if (probability < 0.005) return "<1%";
  return `${rounded(100 * probability)}%`;
}

// A share that is counted, which may be none or all, but is not called so when it is only near.
export function wholePercent(part) {
  return part === 0 || part === 1 ? `${100 * part}%` : percent(part);
}

// To the nearest whole number, a half to the even one, as Python rounds.
function rounded(value) {
  const whole = Math.floor(value);
  if (value - whole !== 0.5) return Math.round(value);
  return whole % 2 ? whole + 1 : whole;
}

// A face's answer in a few words: "happy 97%", or "happy or surprise?" where it is uncertain.
export function caption(face) {
  if (face.uncertain) return `${face.summary.replace("uncertain: ", "")}?`;
  return `${face.emotion} ${percent(face.confidence)}`;
}

// A time in a film, in seconds: "2:05".
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"];

// How many people there are, at the beginning of a sentence: "Two people".
export function counted(people) {
  return people === 1 ? "One person" : `${NUMBERS[people] ?? people} people`;
}

// A file's size in bytes, for people: "1.2 MB".
export function size(bytes) {
  return bytes > 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

// Why there is no camera or clipboard on a page that came over plain HTTP from another machine.
export function onlySecurely(what) {
  return `The browser gives ${what} only to pages opened by https://, or on the machine that runs the server.`;
}

// An error whose `sentence` is for people.
export function said(sentence) {
  return Object.assign(new Error(sentence), { sentence });
}

// A table of all faces in all photographs, for the page and for spreadsheets.

import { CSV_COLUMNS, EMOTIONS } from "../facts.js";
import { csv } from "../saving.js";
import { percent } from "../words.js";

const emotions = Object.keys(EMOTIONS);

// Fills the rows of the page's table.
export function showTable(body, photographs) {
  body.replaceChildren(...photographs.flatMap((photograph) => {
    if (photograph.state === "refused") return [row([photograph.name, "", photograph.sentence])];
    if (!photograph.answer) return [];
    const { faces } = photograph.answer;
    if (!faces.length) return [row([photograph.name, "0", "no face found"])];
    return faces.map((face, index) => row([
      photograph.name, String(index + 1), face.summary, ...emotions.map((each) => percent(face.probabilities[each])),
    ]));
  }));
}

// Returns the table as a file, with the command line's columns and one for a photograph's problem.
// A photograph without a face has a row with face 0.
export function tableFile(photographs) {
  const rows = photographs.flatMap(({ name, answer, sentence, state }) => {
    if (state === "refused") return [[name, ...Array(CSV_COLUMNS.length - 1).fill(""), sentence]];
    if (!answer) return [];
    const { faces } = answer;
    if (!faces.length) return [[name, 0, ...Array(CSV_COLUMNS.length - 1).fill("")]];
    return faces.map((face, index) => [
      ...CSV_COLUMNS.map((column) => ({
        path: name, face: index + 1, ...face.box, ...face.probabilities,
      })[column] ?? face[column]),
      "",
    ]);
  });
  return csv([...CSV_COLUMNS, "problem"], rows);
}

function row(texts) {
  const made = document.createElement("tr");
  texts.forEach((text, place) => {
    const cell = document.createElement(place ? "td" : "th");
    if (!place) cell.scope = "row";
    cell.textContent = text;
    if (texts.length === 3 && place === 2) cell.colSpan = emotions.length + 1;
    made.append(cell);
  });
  return made;
}

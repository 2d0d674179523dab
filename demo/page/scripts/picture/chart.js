// A face's bar chart as a picture to save.

import { EMOTIONS } from "../facts.js";
import { percent } from "../words.js";

const [WIDTH, HEIGHT] = [900, 600];
const [LEFT, RIGHT, TOP, ROW] = [170, 780, 90, 68];

// Draws a PNG of 900 x 600 pixels, dark on white in every theme.
export function chart(face, title) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.fillStyle = "#000";
  pen.font = "600 30px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.textAlign = "center";
  pen.fillText(title, WIDTH / 2, TOP / 2, WIDTH - 40);
  pen.font = "24px system-ui, sans-serif";
  Object.keys(EMOTIONS).forEach((emotion, index) => {
    const middle = TOP + (index + 0.5) * ROW;
    const length = Math.max(2, face.probabilities[emotion] * (RIGHT - LEFT));
    pen.fillStyle = EMOTIONS[emotion].colour;
    pen.fillRect(LEFT, middle - 22, length, 44);
    pen.strokeStyle = "#333";
    pen.strokeRect(LEFT, middle - 22, length, 44);
    pen.fillStyle = "#000";
    pen.textAlign = "right";
    pen.fillText(emotion, LEFT - 14, middle);
    pen.textAlign = "left";
    pen.fillText(percent(face.probabilities[emotion]), LEFT + length + 12, middle);
  });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

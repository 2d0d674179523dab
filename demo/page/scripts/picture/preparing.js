// Prepares a photograph for sending: it gets no larger than what the server uses.

import { LONGEST_SIDE, MOST_BYTES } from "../facts.js";
import { said } from "../words.js";

const SMALL = 400_000; // bytes; smaller files are sent unchanged and get exactly the HTTP route's answer
const SHOWN_SIDE = 1280;
const TYPES = { heic: "heic", heif: "heif", hif: "heif", avif: "avif", tif: "tiff", tiff: "tiff" };

// Returns `sent`, a picture file; `width` and `height` of the upright original, or null if the browser
// cannot decode it; and `shown`, a file that the browser can show, or null.
export async function prepare(file) {
  await refuseOthers(file);
  const bitmap = await createImageBitmap(file).catch(() => null); // upright, as EXIF says
  if (!bitmap) {
    refuseLarge(file);
    return { sent: typed(file), width: null, height: null, shown: null };
  }
  const { width, height } = bitmap;
  let [sent, shown] = [typed(file), file];
  if (file.size > SMALL) {
    const smaller = await drawn(bitmap, LONGEST_SIDE, 0.88);
    if (smaller.size < 0.9 * file.size) sent = smaller;
    shown = await drawn(bitmap, SHOWN_SIDE, 0.85);
  }
  bitmap.close();
  refuseLarge(sent);
  return { sent, width, height, shown };
}

async function refuseOthers(file) {
  const kind = file.type.split("/")[0];
  if (kind === "video") throw said("This is a film. Choose it on the Film tab.");
  if (kind && kind !== "image" && file.type !== "application/octet-stream")
    throw said("This is not a picture. Use JPEG, PNG, WebP, AVIF, HEIC, GIF, TIFF or BMP.");
  if (!file.size) throw said("The file is empty. Copy it again.");
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw said("The file cannot be opened. It may have been moved, or be a folder.");
  }
}

function refuseLarge({ size }) {
  if (size > MOST_BYTES)
    throw said(`The picture has ${(size / 1e6).toFixed(1)} MB; at most ${MOST_BYTES / 1e6} MB are allowed. Save it smaller.`);
}

// Adds a picture's type to a file, because some browsers do not know the formats of telephones.
function typed(file) {
  if (file.type.startsWith("image/")) return file;
  const type = TYPES[file.name.split(".").pop().toLowerCase()] ?? "x-unknown";
  return new File([file], file.name, { type: `image/${type}` });
}

// Draws the picture on white as a JPEG with a longer side of at most `side` pixels.
function drawn(bitmap, side, quality) {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}

// Checks before the upload whether a file is a film at all.

const PICTURES = /\.(jpe?g|png|webp|bmp|tiff?|hei[cf]|hif|avif|svg)$/i;
const OTHERS = /\.(txt|csv|json|html?|md|pdf|docx?|xlsx?|pptx?|zip|mp3|wav|flac|m4a|ogg|py|exe)$/i;
// Marks of moving PNG, WebP and AVIF pictures.
const MOVING = /acTL|ANIM|ftypavis/;

// Returns a sentence if the film tab does not take the file, otherwise "".
export async function refusal(file, limit) {
  const other = /^(text|audio)\/|^application\/(pdf|zip|json)/.test(file.type) || OTHERS.test(file.name);
  const picture = (file.type.startsWith("image/") && file.type !== "image/gif") || PICTURES.test(file.name);
  if (other && !file.type.startsWith("video/")) return `${file.name} is not a film. Choose a film’s file, such as an MP4.`;
  let head;
  try {
    head = await file.slice(0, 1024).text();
  } catch {
    return `${file.name} cannot be read. Choose it again.`;
  }
  if (picture && !MOVING.test(head)) return `${file.name} is a picture, not a film. Choose it under Picture.`;
  if (!file.size) return `${file.name} is empty. Copy it again.`;
  if (file.size > limit)
    return `The film has ${Math.ceil(file.size / 1e6)} MB; at most ${Math.round(limit / 1e6)} MB are`
      + " allowed here. Cut it, or use the command line, which has no limit.";
  return "";
}

// Returns the one film that was dropped, or a sentence that says why there is none.
export function oneOf(items) {
  if (!items.length) return { sentence: "What you dropped is not a file. Drop a film’s file here." };
  if (items.some(({ folder }) => folder))
    return { sentence: "A folder cannot be read here. Open it and drop one of its films." };
  if (items.length > 1) return { sentence: "One film is read at a time. Drop only one." };
  return { file: items[0].file };
}

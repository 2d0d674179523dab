// The attention map in colour over the grey face that the network saw.

// Matplotlib's colour map "inferno" at steps of an eighth.
const HEAT = [
  [0, 0, 4], [31, 12, 72], [85, 15, 109], [136, 34, 106], [186, 54, 85],
  [227, 89, 51], [249, 140, 10], [249, 201, 50], [252, 255, 164],
];

// Paints a face that was read with `explain`; bright parts spoke most for its emotion.
export async function paintAttention(canvas, { crop, attention }) {
  const face = new Image();
  face.src = `data:image/png;base64,${crop}`;
  canvas.dataset.of = crop;
  await face.decode();
  if (canvas.dataset.of !== crop) return; // another face was chosen in the meantime
  const heat = document.createElement("canvas");
  heat.width = attention[0].length;
  heat.height = attention.length;
  const pen = heat.getContext("2d");
  const pixels = pen.createImageData(heat.width, heat.height);
  attention.flat().forEach((weight, place) => pixels.data.set([...colour(weight), 255 * 0.7 * weight], 4 * place));
  pen.putImageData(pixels, 0, 0);
  const onto = canvas.getContext("2d");
  for (const layer of [face, heat]) onto.drawImage(layer, 0, 0, canvas.width, canvas.height);
}

function colour(weight) {
  const place = weight * (HEAT.length - 1);
  const low = Math.min(HEAT.length - 2, Math.floor(place));
  return HEAT[low].map((value, channel) => value + (place - low) * (HEAT[low + 1][channel] - value));
}

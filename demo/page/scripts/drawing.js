// Helpers for drawing on a canvas, for the camera and for films.

// Sizes a canvas to the screen's pixels; the returned pen uses the page's pixels.
export function sized(canvas, width, height, ratio = window.devicePixelRatio || 1) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  return pen;
}

// Calls `draw` again when the element's width or the page's theme changes.
export function redrawn(element, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (!element.clientWidth || element.clientWidth === width) return;
    width = element.clientWidth;
    draw();
  }).observe(element);
  // Gradio marks the dark theme on the page's body.
  new MutationObserver(draw).observe(document.body, { attributeFilter: ["class"] });
  matchMedia("(forced-colors: active)").addEventListener("change", draw);
}

/* An open page of a plan looks again every few seconds: [data-looks] says how many. Not while it is hidden, nor while
   nobody has touched it for a while; then the first touch looks at once. What is unfolded stays unfolded. */
"use strict";
(() => {
  const IDLE = 5 * 60; /* seconds */
  let touched = performance.now(), looked = touched, idle = false;
  const seconds = (since) => (performance.now() - since) / 1000;

  const look = () => {
    const part = document.querySelector("[data-looks]");
    idle = seconds(touched) > IDLE;
    if (!part || idle || document.hidden || part.ariaBusy === "true" || seconds(looked) < part.dataset.looks) return;
    looked = performance.now();
    htmx.trigger(part, "look");
  };
  const touch = () => { touched = performance.now(); if (idle) look(); };

  /* How long it is until then, beside the date that the server wrote. */
  const count = () => {
    for (const place of document.querySelectorAll("[data-until]")) {
      const minutes = Math.ceil((Date.parse(place.dataset.until) - Date.now()) / 60000);
      const hours = Math.floor(minutes / 60);
      const told = minutes > 0 ? `(${hours ? `${hours} h ` : ""}${minutes % 60} min left)` : "(over)";
      if (place.textContent !== told) place.textContent = told;
    }
  };

  count();
  setInterval(() => { look(); count(); }, 1000);
  document.addEventListener("visibilitychange", touch);
  for (const sign of ["pointerdown", "pointermove", "keydown", "scroll"]) addEventListener(sign, touch, { passive: true });

  const unfolding = (element, { attrName }) => !(element.tagName === "DETAILS" && attrName === "open");
  htmx.registerExtension("unfolded", { htmx_before_morph_attr: unfolding });
})();

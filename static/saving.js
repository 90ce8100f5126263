/* Fields that save themselves: an element with data-saves posts what is typed in it, and this sees that all of it arrives.

   data-saves is "" while everything is kept, "typed" from a key press on, "sent" while the newest typing is on its way,
   "lost" when it did not arrive: then it is sent again, when the network is back and every few seconds. Leaving the
   page is warned about until all is kept. Without this file the page has its Save button, and fields save all the same. */
"use strict";
(() => {
  const SECONDS = 10;
  const fields = (state) => [...document.querySelectorAll(`[data-saves]${state}`)];
  const sending = new WeakMap(); /* request → its field */
  const say = (sentence) => { document.getElementById("said").textContent = sentence; };
  const form = () => document.querySelector("form[data-leave-warning]");
  const settled = () => { if (form()) form().dataset.leaveWarning = fields(":not([data-saves=''])").length ? "typed" : ""; };
  const again = () => fields("[data-saves=lost]").forEach((field) => htmx.trigger(field, "again"));

  document.addEventListener("input", ({ target }) => {
    const field = target.closest("[data-saves]");
    if (field) field.dataset.saves = "typed";
  });

  /* A request that waited behind another one goes out with the version that the other one's answer brought. */
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    const { body, method } = ctx.request;
    const taking = ctx.sourceElement.matches("a"); /* another's answer, in place of what is typed */
    const field = (taking || method === "POST") && ctx.sourceElement.closest("[data-saves]");
    if (!field) return;
    sending.set(ctx, field);
    ctx.sourceElement = document.body; /* what happens to an element that is gone by then, nobody hears */
    field.dataset.saves = "sent";
    const newest = [...field.querySelectorAll("[name^='seen:']"), document.getElementById("token")];
    if (body) newest.forEach(({ name, value }) => body.set(name, value));
  });

  /* Each field asks by itself, so answers may overtake one another: what is around the fields never gets older. */
  document.addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
    const age = (element) => Number(element?.dataset?.at);
    const late = ({ fragment }) => {
      const part = fragment.firstElementChild;
      return part?.id && age(part) < age(document.getElementById(part.id));
    };
    tasks.splice(0, tasks.length, ...tasks.filter((task) => !late(task)));
  });

  /* 409 and 422 were answered with what to do next to the field, so sending the same again would not help. */
  const done = (ctx) => {
    const field = sending.get(ctx);
    if (!field) return;
    const status = ctx.response?.status ?? 0;
    const arrived = status >= 200 && status < 400;
    if (field.dataset.saves === "sent") field.dataset.saves = arrived ? "" : [409, 422].includes(status) ? "typed" : "lost";
    for (const control of field.querySelectorAll("[data-of]")) {
      control.setAttribute("aria-invalid", !!document.getElementById(`why-${control.dataset.of}`));
    }
    settled();
    if (!status) say("Not reached. Your typing is still here; it is saved as soon as the portal answers again.");
    else if (arrived && field.dataset.lost) say("Saved again.");
    field.dataset.lost = field.dataset.saves === "lost" ? "yes" : "";
  };
  for (const end of ["htmx:after:swap", "htmx:finally:request"]) document.addEventListener(end, ({ detail: { ctx } }) => done(ctx));

  addEventListener("online", again);
  setInterval(again, SECONDS * 1000);
})();

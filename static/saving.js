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

  /* Each field asks by itself, so answers may overtake one another, and each was made for the page as it was when it was
     asked. What is around the fields never gets older; questions that leave out what this page does not have (any more)
     are not put in place, but asked for whole; and a field whose typing is not kept yet stays until it is. */
  let behind = false, asking = false;
  const outdated = new WeakSet(); /* fields that stayed while something else is offered */
  const age = (element) => Number(element?.dataset?.at);
  const shape = (questions) => questions.querySelector("[name=shape]").value;
  const hasAll = (questions) => [...questions.querySelectorAll("[hx-morph-skip]:empty")].every(({ id }) => document.getElementById(id));
  const whole = async () => {
    if (!behind || asking || !form()) return;
    asking = true;
    await htmx.ajax("GET", form().getAttribute("action"), { target: "#questions", swap: "outerMorph" });
    asking = false;
  };

  const keepTyping = (questions, ctx) => fields(":not([data-saves=''])").forEach((field) => {
    const seen = field.querySelector("[name^='seen:']");
    const seenNow = questions.querySelector(`[name="${seen.name}"]`), anew = seenNow?.closest("[data-saves]");
    const arrived = sending.get(ctx) === field && ctx.response.status === 200;
    if (!anew || anew.id === field.id || (arrived && field.dataset.saves === "sent")) return;
    if (arrived) seen.value = seenNow.value; /* and typed on since */
    anew.id = field.id; /* so it is not put in place of this one */
    outdated.add(field);
  });

  document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
    const fits = ({ fragment }) => {
      const part = fragment.firstElementChild, there = part?.id && document.getElementById(part.id);
      const late = age(part) < age(there);
      if (part?.id !== "questions" || !there) return !late;
      behind = late ? behind || shape(part) !== shape(there) : !hasAll(part);
      if (late || behind) return false;
      keepTyping(part, ctx);
      return true;
    };
    tasks.splice(0, tasks.length, ...tasks.filter(fits));
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
    if (!field.dataset.saves) behind ||= outdated.delete(field);
    if (!status) say("Not reached. Your typing is still here; it is saved as soon as the portal answers again.");
    else if (arrived && field.dataset.lost) say("Saved again.");
    field.dataset.lost = field.dataset.saves === "lost" ? "yes" : "";
  };
  for (const end of ["htmx:after:swap", "htmx:finally:request"]) document.addEventListener(end, ({ detail: { ctx } }) => done(ctx));
  document.addEventListener("htmx:finally:request", whole);

  for (const once of [again, whole]) {
    addEventListener("online", once);
    setInterval(once, SECONDS * 1000);
  }
})();

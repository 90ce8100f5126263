/* An order is saved as it is typed, and the totals say what is wrong with it now. What was wrong when a button was
   pressed is not true for long: it goes as soon as something else is typed. Its box leaves its place empty, so that
   nothing moves away under the pointer. */
"use strict";
document.addEventListener("input", ({ target }) => {
  const form = target.closest("#order-form, #change-form");
  if (!form) return;
  form.querySelectorAll(".wrongs").forEach((box) => { box.style.visibility = "hidden"; });
  const field = target.closest(".field");
  field?.classList.remove("wrong");
  field?.querySelectorAll(":scope > .why").forEach((sentence) => sentence.remove());
  target.removeAttribute("aria-invalid");
});

/* The search box in the header: what it finds is a list below it, gone through by arrow keys (a WAI-ARIA combobox). */
"use strict";
(() => {
  const box = document.querySelector("#search");
  const list = () => document.getElementById("hits");
  const options = () => [...list().querySelectorAll("[role=option]")];
  const chosen = () => list().querySelector("[aria-selected=true]");

  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) return box.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  };
  const show = (open) => {
    choose(null);
    list().hidden = !open;
    box.setAttribute("aria-expanded", String(open && options().length > 0));
  };

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = options();
    if (step && all.length) {
      event.preventDefault();
      const at = all.indexOf(chosen());
      if (list().hidden) show(true);
      choose(all.at(at < 0 && step < 0 ? -1 : (at + step) % all.length));
    } else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      chosen().click();
    } else if (event.key === "Escape" && !list().hidden) {
      event.preventDefault(); /* the second one empties the box, as browsers do */
      show(false);
    } else if (event.key === "/" && !box.value && localStorage.getItem("slash") !== "off") {
      const other = document.querySelector("main input[type=search]");
      if (other) { event.preventDefault(); other.focus(); other.select(); } /* "/" once more: to the page's own box */
    }
  });

  box.addEventListener("focus", () => { if (box.value && options().length) show(true); });
  box.form.addEventListener("focusout", (event) => { if (!box.form.contains(event.relatedTarget)) show(false); });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    if (ctx.sourceElement === box.form) show(document.activeElement === box && box.value.trim() !== "");
  });
})();

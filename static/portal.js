/* Behaviour that pages ask for with data- attributes, and manners around htmx. Every page works without this file. */
"use strict";
(() => {
  const one = (selector, within = document) => selector && within.querySelector(selector);
  const say = (sentence) => { const line = one("#said"); if (line) line.textContent = sentence; };
  const lost = () => !document.activeElement || document.activeElement === document.body;
  const mayFocus = (element) => { if (element.tabIndex < 0) element.tabIndex = -1; element.focus(); };

  /* Closing a dialog asks before it throws typing away. */
  const mayLeave = () => {
    const form = one("dialog[open] form[data-leave-warning=typed]");
    const may = !form || confirm("Throw away what you typed?");
    if (may) typed(form, "");
    return may;
  };

  /* Words that came with the page are spoken too: screen readers read a status line only when it changes. */
  const arrived = one("#said")?.textContent;
  if (arrived) { say(""); setTimeout(() => say(arrived), 150); }

  /* Buttons that only a script can serve are hidden until there is one. */
  const show = () => document.querySelectorAll("[data-copy][hidden], [data-slash][hidden]").forEach((b) => { b.hidden = false; });

  /* "/" goes to the search box; one key alone must be able to be switched off (WCAG 2.1.4). */
  const slashOff = () => localStorage.getItem("slash") === "off";
  const nameSlash = () => { const b = one("[data-slash]"); if (b) b.textContent = `Shortcut / is ${slashOff() ? "off" : "on"}`; };
  show(); nameSlash();

  /* Where we are is in sight on a phone, too. */
  for (const a of document.querySelectorAll("nav [aria-current]")) a.parentNode.scrollLeft = a.offsetLeft - 48;

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && one("details.menu[open]");
    if (menu) { menu.open = false; one("summary", menu).focus(); }
    if (event.key === "Escape" && !mayLeave()) event.preventDefault();
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || slashOff()) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const box = one("input[type=search]");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  });

  async function copy(source) {
    const text = source.value ?? source.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
      say("Copied.");
    } catch { /* refused, or no TLS: select it instead */
      getSelection().selectAllChildren(source);
      source.select?.();
      say("Selected: press Ctrl+C to copy.");
    }
  }

  document.addEventListener("click", (event) => {
    const menu = one("details.menu[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
    const button = event.target.closest("[data-copy], [data-close], [data-slash]");
    if (!button) return;
    const source = button.dataset.copy;
    if (one(source)) copy(one(source));
    const frame = "close" in button.dataset && button.closest("dialog");
    if (frame) { event.preventDefault(); if (mayLeave()) frame.close(); }
    if ("slash" in button.dataset) { localStorage.setItem("slash", slashOff() ? "on" : "off"); nameSlash(); }
  });

  /* <form data-leave-warning>: the browser asks before typing is thrown away. */
  const typed = (form, state) => { if (form?.matches("[data-leave-warning]")) form.dataset.leaveWarning = state; };
  document.addEventListener("input", (event) => typed(event.target.form, "typed"));
  document.addEventListener("submit", (event) => typed(event.target, ""));
  addEventListener("beforeunload", (event) => { if (one("form[data-leave-warning=typed]")) event.preventDefault(); });

  /* htmx */
  const held = new WeakMap(); /* request → what had the focus when it began, or better when its answer came */
  const place = (ctx) => (typeof ctx.target === "string" ? one(ctx.target) : ctx.target);
  const unsent = (ctx) => typed(ctx.sourceElement?.closest?.("form"), "typed");

  const hold = ({ detail: { ctx } }) => {
    const on = document.activeElement;
    if (!lost()) held.set(ctx, [on, place(ctx)?.contains?.(on)]);
  };
  document.addEventListener("htmx:config:request", hold);
  document.addEventListener("htmx:before:swap", hold);
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => { if (ctx.request.method === "POST") say(""); });
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => place(ctx)?.setAttribute("aria-busy", "true"));

  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    place(ctx)?.removeAttribute("aria-busy");
    show();
    /* A dialog that answers land in is open while it holds a form. */
    const frame = document.getElementById(place(ctx)?.id)?.closest("dialog");
    if (frame) one("form", frame) ? frame.open || frame.showModal() : frame.close();
    /* Later, because htmx gives disabled buttons back after this. The focus moves only if the swap took it away; the
       part that had it comes first, where several are swapped at once. */
    setTimeout(() => {
      const [before, ours] = held.get(ctx) || [];
      if (!before || !lost()) return;
      if (before.isConnected) return before.focus({ preventScroll: true });
      const part = document.getElementById(place(ctx)?.id);
      if (part) setTimeout(() => lost() && mayFocus(one("[autofocus], [aria-invalid=true]", part) || one("h1, h2, h3", part) || part), ours ? 0 : 250);
    });
  });

  /* An error answer brings its own sentence for #said; what stands between (a proxy, say) does not. */
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    unsent(ctx);
    if ([409, 422].includes(ctx.response.status) || ctx.hx.redirect || /id="?said/.test(ctx.text)) return;
    say(`The portal answered with an error (${ctx.response.status}). Your typing is still here; try again.`);
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (!ctx || ctx.response) return;
    unsent(ctx);
    say("Not reached. Your typing is still here; try again.");
  });
})();

/* Files dropped anywhere on a [data-drop] are uploaded, and the <progress> of a form shows how much of it is sent.
   Without this file the form's own field takes files, dropped on it too, and its button sends them. */
"use strict";
(() => {
  const zone = (event) => event.target.closest?.("[data-drop]");

  document.addEventListener("dragover", (event) => { if (zone(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    const box = zone(event)?.querySelector("[type=file]");
    if (!box || !event.dataTransfer.files.length) return;
    event.preventDefault();
    box.files = event.dataTransfer.files;
    box.form.requestSubmit();
  });

  /* Stands in for fetch, which cannot tell how much is sent. It waits as long as the line needs. */
  const sending = (bar) => (address, { method, headers, body }) => new Promise((answer, lost) => {
    const request = new XMLHttpRequest();
    const named = () => request.getAllResponseHeaders().trim().split("\r\n").map((line) => line.split(/: (.*)/, 2));
    request.open(method, address);
    Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.upload.onprogress = ({ loaded, total }) => { bar.value = loaded / total; };
    request.onload = () => answer(new Response(request.response, { status: request.status, headers: named() }));
    request.onerror = () => { bar.hidden = true; lost(new TypeError("not reached")); };
    bar.hidden = false;
    request.send(body);
  });

  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    const bar = ctx.request.method === "POST" && ctx.sourceElement?.querySelector?.("progress");
    if (bar) ctx.fetch = sending(bar);
  });
})();

/* On the way to a console: go on at once, and only once. Whoever comes back finds the press used up. */
addEventListener("pageshow", (event) => {
  const way = document.querySelector("[data-go]");
  if (!way || event.persisted) return;
  if (way.matches("form")) {
    way.addEventListener("submit", () => setTimeout(() => { way.querySelector("button").disabled = true; }));
    way.requestSubmit();
  } else {
    location.assign(way.href);
  }
});

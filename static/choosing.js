/* Lists with rows to tick: the box for the whole page ticks every row, and says no once one of them is taken out.
   Without this file it stands for the rows of the page all the same. */
"use strict";
document.addEventListener("change", ({ target: box }) => {
  const all = document.querySelector("[data-all]");
  if (!all || box.name !== all.name) return;
  if (box === all) document.getElementsByName(all.name).forEach((each) => { each.checked = all.checked; });
  else if (!box.checked) all.checked = false;
});

/**
 * What the pages gain from a script; they work without it. Shows times in the reader's zone, answers keys in lists, and goes on by itself
 * where a redirect would lose the session's cookie.
 */
export const SCRIPT = `"use strict";
const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const date = new Date(time.dateTime);
  if (!Number.isNaN(date.getTime())) time.textContent = zone.format(date);
}

const onward = document.querySelector("a[data-go]");
if (onward) location.replace(onward.href);

const rows = [...document.querySelectorAll("[data-row]")];
let current = -1;
function moveTo(index) {
  if (rows.length === 0) return;
  current = Math.min(Math.max(index, 0), rows.length - 1);
  const link = rows[current].querySelector("a[data-open]");
  if (link) link.focus();
}
for (const [index, row] of rows.entries()) row.addEventListener("focusin", () => { current = index; });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target instanceof Element && event.target.closest("input:not([type=checkbox]), textarea, select");
  if (event.key === "Escape" && typing) return event.target.blur();
  if (typing) return;
  if (event.key === "j") moveTo(current + 1);
  else if (event.key === "k") moveTo(current - 1);
  else if (event.key === "x" && rows[current]) {
    const box = rows[current].querySelector("input[type=checkbox]");
    if (box) { box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); }
  } else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  }
});

const all = document.querySelector("input[data-all]");
const boxes = [...document.querySelectorAll("input[data-one]")];
const chosen = document.querySelector("[data-chosen]");
function count() {
  const checked = boxes.filter((box) => box.checked).length;
  if (chosen) chosen.textContent = checked === 0 ? "none chosen yet" : checked + " chosen";
  if (all) { all.checked = checked > 0 && checked === boxes.length; all.indeterminate = checked > 0 && checked < boxes.length; }
}
if (all) {
  all.hidden = false;
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; count(); });
}
for (const box of boxes) box.addEventListener("change", count);
count();
`;

// What is swapped away takes the focus along. It comes back: to the field that was refused, to the same thing in its
// new shape, or to the heading of the part where it stood. Never to the top of the page.
let mark = null;

const isLost = () => !document.activeElement || document.activeElement === document.body;
const formOf = (action) => action && document.querySelector(`main form[action="${CSS.escape(action)}"]`);

export function markOf(node) {
  const form = node.closest("form");
  const ids = [];
  for (let up = node.parentElement; up; up = up.parentElement) if (up.id) ids.push(up.id);
  return { node, ids, id: node.id, tag: node.tagName, name: node.name, href: node.getAttribute("href"), action: form?.getAttribute("action") };
}

export function again(mark) {
  const form = formOf(mark.action);
  const target =
    form?.querySelector("[aria-invalid=true]") ||
    (mark.id && document.getElementById(mark.id)) ||
    form?.querySelector(mark.name ? `${mark.tag}[name="${CSS.escape(mark.name)}"]` : mark.tag) ||
    (mark.href && document.querySelector(`main ${mark.tag}[href="${CSS.escape(mark.href)}"]`)) ||
    part(mark.ids);
  target.focus();
}

function part(ids) {
  const region = ids.map((id) => document.getElementById(id)).find(Boolean);
  const heading = region?.querySelector("h1, h2, h3") ?? region?.querySelector("button, a") ?? document.querySelector("main");
  if (heading?.tabIndex < 0) heading.tabIndex = -1;
  return heading;
}

function remember() {
  if (!isLost()) mark = markOf(document.activeElement);
  // A button that waits for its answer is disabled, and has lost the focus by itself.
  else if (mark?.node.isConnected && !mark.node.disabled) mark = null;
}

document.addEventListener("htmx:before:request", remember);
document.addEventListener("htmx:before:swap", remember);
document.addEventListener("htmx:after:swap", () =>
  setTimeout(() => {
    if (isLost() && mark && !mark.node.isConnected) again(mark);
  }),
);

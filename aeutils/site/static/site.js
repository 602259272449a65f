// What can be moved sideways can be reached by the keyboard.
const WIDE = "pre, .formula, .table-wrapper, .cell_output, .aeutils-panel";

function reach() {
  for (const box of document.querySelectorAll(WIDE)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

reach();
addEventListener("resize", reach);

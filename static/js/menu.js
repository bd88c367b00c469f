/* All menu: #menu is a :target panel; with script it becomes a modal dialog (focus trap and Escape come with it). */
const menu = document.getElementById("menu");
if (menu?.showModal) {
  if (location.hash === "#menu") menu.showModal();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    if (link.hash === "#menu") {
      event.preventDefault();
      menu.showModal();
    } else if (menu.open && link.matches("[data-close-menu]")) {
      event.preventDefault();
      menu.close(); // focus returns to the link that opened it
    }
  });
}

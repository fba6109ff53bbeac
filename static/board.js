// Dragging cards on the board. It fills in the form that each card carries and
// sends it, so that a drop is the same act as the button; a refusal is shown
// in the card, which stays where it was.
(function () {
  "use strict";

  Gatehouse.onReady("[data-board]", (board) => {
    let card = null;

    const columnOf = (e) => e.target instanceof Element && e.target.closest(".board-col");
    const leave = () => board.querySelectorAll(".is-over").forEach((el) => el.classList.remove("is-over"));

    board.querySelectorAll("[data-card]").forEach((el) => {
      if (el.querySelector("[data-move]")) el.draggable = true;
    });

    board.addEventListener("dragstart", (e) => {
      card = e.target instanceof Element && e.target.closest("[data-card]");
      if (!card) return;
      card.classList.add("is-dragged");
      e.dataTransfer.effectAllowed = "move";
      e.dataTransfer.setData("text/plain", card.dataset.card);
    });

    board.addEventListener("dragend", () => {
      if (card) card.classList.remove("is-dragged");
      card = null;
      leave();
    });

    board.addEventListener("dragover", (e) => {
      const column = columnOf(e);
      if (!card || !column || column === card.closest(".board-col")) return;
      e.preventDefault();
      leave();
      column.classList.add("is-over");
    });

    board.addEventListener("drop", (e) => {
      const column = columnOf(e);
      if (!card || !column || column === card.closest(".board-col")) return;
      e.preventDefault();
      const form = card.querySelector("[data-move]");
      const why = card.querySelector(".board-why");
      why.textContent = "";
      htmx.ajax("POST", form.getAttribute("action"), {
        source: form,
        target: why,
        swap: "innerHTML",
        values: { to: column.dataset.stage },
      });
    });
  });
})();

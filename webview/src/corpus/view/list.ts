import { render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { ListHandle } from "../model/listing.ts";
import {
  type Extent,
  isStuck,
  maxTop,
  physicalHeight,
  type Scroll,
  scrolled,
  settled,
  topShowing,
  visibleRows,
} from "../model/scroll-space.ts";
import { isChosen } from "../model/selection.ts";
import type { CorpusStore } from "../model/store.ts";
import { ROW_HEIGHT, viewGhost, viewRow } from "./row.ts";
import { createRowTexts } from "./row-text.ts";

/** Who scrolls further than this in one frame cannot read what passes: its formulas are set when the list is calm again. */
const HURRY_PIXELS = 2 * ROW_HEIGHT;
const CALM_MS = 80;

/** Rows that are drawn beyond the window on both sides, so that a step of the wheel meets them ready. */
const OVERSCAN = 4;

export interface List {
  readonly element: HTMLElement;
  /** Draws what has changed in the store. */
  draw(): void;
  focus(): void;
}

/** The virtual list. It draws at every frame of a scroll by itself, and only its own rows. */
export function createList(store: CorpusStore, onOpen: () => void): List {
  const { listing } = store;
  const texts = createRowTexts();
  const scroller = document.createElement("div");
  const space = document.createElement("div");
  let scroll: Scroll = { top: 0, physical: 0 };
  let viewport = 0;
  let height = -1;
  /** Where the view that has just begun will stand. */
  let goal: number | null = null;
  let generation = 0;
  let calm = 0;
  let drawn = { first: 0, end: 0, base: 0 };

  scroller.className = "scroller";
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "listbox");
  scroller.setAttribute("aria-label", "Rows");
  scroller.setAttribute("aria-multiselectable", "true");
  space.className = "space";
  space.setAttribute("role", "presentation");
  scroller.append(space);

  /** Rows that there is room for: as long as nothing is known of a view, as many as are seen at once. */
  const length = (): number => {
    const { total, counted } = listing.rows;
    return total > 0 || counted ? total : Math.ceil(viewport / ROW_HEIGHT);
  };
  /** A view that has just begun: until it has rows, or ghosts are due, what was there before stays. */
  const beginning = (): boolean => {
    const { generation: current, held, wait } = listing.rows;
    return current !== generation && held === 0 && wait.phase === "quiet";
  };
  const extent = (): Extent => ({ content: length() * ROW_HEIGHT, viewport });
  const go = (next: Scroll) => {
    scroll = next;
    if (Math.abs(scroller.scrollTop - next.physical) >= 1) scroller.scrollTop = next.physical;
    // The browser rounds to whole pixels of the screen.
    scroll = { ...scroll, physical: scroller.scrollTop };
  };
  const goTo = (top: number) => {
    goal = top;
    if (beginning()) return ask(top);
    goal = null;
    resize();
    go(settled(extent(), { top: Math.round(top), physical: scroll.physical }));
    drawRows();
  };

  function resize() {
    const wanted = physicalHeight(extent());
    if (wanted === height) return;
    height = wanted;
    space.style.height = `${height}px`;
  }

  const ask = (top: number) => {
    const { first, end } = visibleRows({ top, physical: 0 }, viewport, ROW_HEIGHT, Number.MAX_SAFE_INTEGER, OVERSCAN);
    listing.rows.show(first, end);
  };

  function drawRows() {
    const { rows, selection, view } = listing;
    if (beginning()) return ask(goal ?? 0);
    generation = rows.generation;
    const { first, end } = visibleRows(scroll, viewport, ROW_HEIGHT, length(), OVERSCAN);
    rows.show(first, end);
    const base = scroll.top - scroll.physical;
    drawn = { first, end, base };
    const ghosts = rows.wait.phase === "ghosts" || rows.wait.phase === "words";
    const indexes = Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at);
    texts.begin(store.macros, performance.now() < calm);
    scroller.setAttribute("aria-busy", String(rows.wait.phase !== "none"));
    render(
      repeat(
        indexes,
        (index) => index,
        (index) => {
          const row = rows.at(index);
          const y = index * ROW_HEIGHT - base;
          if (row === undefined) return viewGhost(index, y, ghosts);
          return viewRow(row, texts.of(row.id, row.text ?? ""), {
            index,
            total: rows.total,
            y,
            chosen: isChosen(selection, index, row.id),
            active: selection.active?.index === index,
            sort: view.sort.field,
          });
        },
      ),
      space,
    );
    const active = selection.active?.index;
    if (active !== undefined && active >= first && active < end && rows.at(active) !== undefined)
      scroller.setAttribute("aria-activedescendant", `row-${active}`);
    else scroller.removeAttribute("aria-activedescendant");
    if (texts.behind) soon();
    else prepareSoon(first, end);
  }

  let coming = false;
  /** The rest of the formulas in the next frame, or when the hurry is over. */
  const soon = () => {
    if (coming) return;
    coming = true;
    const later = () => {
      const wait = calm - performance.now();
      if (wait > 0) {
        setTimeout(() => requestAnimationFrame(later), wait);
        return;
      }
      coming = false;
      drawRows();
    };
    requestAnimationFrame(later);
  };

  let idle = 0;
  /** Rows around the window are rendered while there is nothing else to do. */
  const prepareSoon = (first: number, end: number) => {
    cancelIdleCallback(idle);
    idle = requestIdleCallback((deadline) => {
      for (let step = 0; step < end - first; step++)
        for (const index of [end + step, first - 1 - step]) {
          const row = listing.rows.at(index);
          if (row?.text != null && deadline.timeRemaining() > 3) texts.prepare(row.id, row.text);
        }
    });
  };

  /** Whether other rows are seen, or the same ones elsewhere in the element; else the browser has moved them already. */
  const hasMoved = () => {
    const { first, end } = visibleRows(scroll, viewport, ROW_HEIGHT, length(), OVERSCAN);
    return first !== drawn.first || end !== drawn.end || scroll.top - scroll.physical !== drawn.base;
  };

  const settle = () => {
    const next = settled(extent(), scroll);
    if (Math.abs(next.physical - scroll.physical) < 1) return;
    go(next);
    drawRows();
  };

  scroller.addEventListener(
    "scroll",
    () => {
      const physical = scroller.scrollTop;
      if (beginning()) return;
      if (physical === scroll.physical || viewport === 0) return;
      const before = scroll.top;
      scroll = scrolled(extent(), scroll, physical);
      if (Math.abs(scroll.top - before) > HURRY_PIXELS) calm = performance.now() + CALM_MS;
      if (isStuck(extent(), scroll)) go(settled(extent(), scroll));
      if (hasMoved()) drawRows();
      listing.scrolled();
    },
    { passive: true },
  );
  scroller.addEventListener("scrollend", settle);
  scroller.addEventListener("mousedown", (event) => {
    // Shift chooses rows here, not text.
    if (event.shiftKey) event.preventDefault();
  });
  scroller.addEventListener("click", (event) => {
    const index = rowAt(event);
    if (index === null) return;
    listing.choose(index, event.shiftKey ? "extend" : event.ctrlKey || event.metaKey ? "toggle" : "alone");
  });
  scroller.addEventListener("dblclick", (event) => {
    if (rowAt(event) !== null) onOpen();
  });
  // In the next frame: what is drawn within an observation of sizes would be observed again.
  new ResizeObserver(() => requestAnimationFrame(resized)).observe(scroller);
  function resized() {
    const appeared = viewport === 0;
    viewport = scroller.clientHeight;
    if (!beginning()) resize();
    // An element that is not on the screen cannot be scrolled: it is put into its place as soon as it is.
    if (appeared && !beginning()) go(settled(extent(), scroll));
    draw();
  }

  /** The place of the row that was meant: what is drawn may be of a moment ago, when another row stood there. */
  function rowAt(event: Event): number | null {
    const id = (event.target as Element).closest<HTMLElement>("[role=option]")?.dataset.id;
    return id === undefined || beginning() ? null : listing.rows.indexOf(id);
  }

  const handle: ListHandle = {
    reveal: (index) => goTo(topShowing(scroll.top, viewport, ROW_HEIGHT, index)),
    shift: (rows) => goTo(scroll.top + rows * ROW_HEIGHT),
    toPlace: ({ row, pixels }) => goTo(row * ROW_HEIGHT + pixels),
    place: () => ({ row: Math.floor(scroll.top / ROW_HEIGHT), pixels: Math.round(scroll.top % ROW_HEIGHT) }),
    get pageRows() {
      return Math.floor(viewport / ROW_HEIGHT);
    },
  };

  function draw() {
    if (beginning()) return ask(goal ?? 0);
    if (goal !== null) return goTo(goal);
    resize();
    // A list that has become shorter ends where its last row ends.
    if (scroll.top > maxTop(extent())) go(settled(extent(), scroll));
    drawRows();
  }

  listing.attach(handle);
  return { element: scroller, draw, focus: () => scroller.focus({ preventScroll: true }) };
}

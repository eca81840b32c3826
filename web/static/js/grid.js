/** How many columns and rows a wall has. Pure. */

const ASPECT = 16 / 9;
/** More tiles than this are shown page by page. */
export const MOST_TILES = 16;

/**
 * The grid in which 16:9 tiles become largest.
 * @param {number} tiles @param {number} width @param {number} height
 */
export function bestGrid(tiles, width, height) {
  let best = { columns: 1, rows: tiles, area: 0 };
  for (let columns = 1; columns <= tiles; columns += 1) {
    const rows = Math.ceil(tiles / columns);
    const tileWidth = Math.min(width / columns, (height / rows) * ASPECT);
    const area = tileWidth * tileWidth;
    if (area > best.area + 1) best = { columns, rows, area };
  }
  return { columns: best.columns, rows: best.rows };
}

/**
 * @param {number} cameras @param {number} chosen tiles on a page; 0: automatic
 * @param {number} page
 */
export function pageOf(cameras, chosen, page) {
  const size = chosen || Math.min(Math.max(cameras, 1), MOST_TILES);
  const pages = Math.max(1, Math.ceil(cameras / size));
  const current = Math.min(Math.max(page, 0), pages - 1);
  return { size, pages, current, first: current * size,
    last: Math.min(cameras, (current + 1) * size) };
}

/**
 * Where an arrow key leads; the same place when there is nothing there.
 * @param {number} from @param {string} key @param {number} columns @param {number} count
 */
export function neighbour(from, key, columns, count) {
  const column = from % columns;
  const to = {
    ArrowLeft: column > 0 ? from - 1 : from,
    ArrowRight: column < columns - 1 ? from + 1 : from,
    ArrowUp: from - columns,
    ArrowDown: from + columns,
  }[key];
  return to === undefined || to < 0 || to >= count ? from : to;
}

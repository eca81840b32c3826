/** The little that a player must know of MP4 boxes. */

/**
 * Hide the sound from a player that cannot play it, without moving a byte: the boxes of
 * track 2 become `free`, which every reader skips.
 * @param {Uint8Array} bytes initialization or fragment; changed in place
 */
export function hideSound(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const outer of children(view, 0, bytes.length)) {
    if (outer.type !== "moov" && outer.type !== "moof") continue;
    for (const box of children(view, outer.body, outer.end)) {
      if (box.type === "mvex") hideTracks(view, children(view, box.body, box.end));
      else hideTracks(view, [box]);
    }
  }
}

/** @param {DataView} view @param {Iterable<Box>} boxes */
function hideTracks(view, boxes) {
  for (const box of boxes) {
    if (trackOf(view, box) === 2) view.setUint32(box.start + 4, 0x66726565);
  }
}

/** @param {DataView} view @param {Box} box */
function trackOf(view, box) {
  if (box.type === "trex") return view.getUint32(box.body + 4);
  const inner = { trak: "tkhd", traf: "tfhd" }[box.type];
  if (!inner) return 0;
  for (const child of children(view, box.body, box.end)) {
    if (child.type !== inner) continue;
    const isLong = inner === "tkhd" && view.getUint8(child.body) === 1;
    return view.getUint32(child.body + (inner === "tfhd" ? 4 : isLong ? 20 : 12));
  }
  return 0;
}

/**
 * @typedef {{type: string, start: number, body: number, end: number}} Box
 * @param {DataView} view @param {number} from @param {number} to
 * @returns {Generator<Box>}
 */
function* children(view, from, to) {
  let start = from;
  while (start + 8 <= to) {
    const size = view.getUint32(start);
    if (size < 8 || start + size > to) return;
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(start + i)));
    yield { type, start, body: start + 8, end: start + size };
    start += size;
  }
}

/**
 * Lines as they are on the wire.
 *
 * @module
 */
const carriageReturn = 13, lineFeed = 10;

/** The same lines, ended by CRLF instead of LF. */
export function withCrlf(
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  let lines = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0;) {
    lines++;
    at = bytes.indexOf(lineFeed, at + 1);
  }
  if (lines === 0) return bytes;
  const out = new Uint8Array(bytes.length + lines);
  let to = 0;
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(lineFeed, from);
    if (end < 0) {
      out.set(bytes.subarray(from), to);
      break;
    }
    out.set(bytes.subarray(from, end), to);
    to += end - from;
    out[to++] = carriageReturn;
    out[to++] = lineFeed;
    from = end + 1;
  }
  return out;
}

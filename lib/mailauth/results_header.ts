/**
 * The header field Authentication-Results (RFC 8601) in writing.
 *
 * @module
 */

/** RFC 5322 2.1.1 wants lines of 78 at most, and allows 998. */
const lineLimit = 78;
const wordLimit = 900;

/**
 * The field, its lines ended by LF; printable ASCII only.
 *
 * @param rows what each check says: `spf=pass smtp.mailfrom=...`
 */
export function resultsHeader(
  authservId: string,
  rows: readonly string[],
): string {
  const lines = rows.map(cleanRow).filter((row) => row !== "").map(fold);
  if (lines.length === 0) lines.push("none"); // RFC 8601 2.2, no-result
  return `Authentication-Results: ${authservIdOf(authservId)};\n\t` +
    lines.join(";\n\t") + "\n";
}

/** A host name as an authserv-id: a token (RFC 2045 5.1). */
export function authservIdOf(me: string): string {
  return me.replace(/[^\w.\-]/g, "_") || "localhost";
}

/** In one line of printable ASCII. */
export function cleanRow(row: string): string {
  return row.replace(/\s+/g, " ").replace(/[^ -~]/g, "?").trim();
}

/** Only blanks become line ends; a row with an endless word is cut to its result. */
function fold(row: string): string {
  const words = row.split(" ");
  if (words.some((word) => word.length > wordLimit)) return words[0];
  let text = "", column = 8;
  for (const word of words) {
    if (text !== "" && column + 1 + word.length > lineLimit) {
      text += "\n\t  ";
      column = 10;
    } else if (text !== "") {
      text += " ";
      column++;
    }
    text += word;
    column += word.length;
  }
  return text;
}

/**
 * A line of serve's that was typed, or pasted, with what it is called by.
 *
 * @module
 */
import { UsageError } from "../lib/cli/scan.ts";

/**
 * The words without `serve` or `postern serve` in front of serve's options.
 *
 * @param args words of which the last are `operands`
 * @returns null where nothing of it is there
 * @throws UsageError for tcpserver, whose program would be another one
 */
export function withoutServe(
  args: readonly string[],
  operands: readonly string[],
): string[] | null {
  const [first = "", second] = operands;
  const name = first.slice(first.lastIndexOf("/") + 1);
  const extra = first === "serve"
    ? 1
    : name === "postern" && second === "serve"
    ? 2
    : 0;
  if (name === "tcpserver" && operands.length > 1) {
    throw new UsageError(
      "tcpserver is no HOST: its options, HOST, PORT and PROGRAM follow " +
        "without it (postern migrate --line has them in postern's words)",
    );
  }
  if (extra === 0) return null;
  const at = args.length - operands.length;
  return [...args.slice(0, at), ...args.slice(at + extra)];
}
